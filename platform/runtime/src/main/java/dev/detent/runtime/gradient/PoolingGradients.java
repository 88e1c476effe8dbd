package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Pooling and reductions. */
final class PoolingGradients {

    static final Map<String, GradientRule> ROWS = Map.of(
            "AveragePool",
            PoolingGradients::average,
            "MaxPool",
            PoolingGradients::maximum,
            "GlobalAveragePool",
            (b, n, up) -> List.of(spread(b, n, mean(b, n, up.get(0), spatial(b, n)))),
            "GlobalMaxPool",
            (b, n, up) -> List.of(largest(b, n, up.get(0), b.read(n.output(0)))),
            "ReduceMean",
            (b, n, up) -> List.of(spread(b, n, mean(b, n, kept(b, n, up.get(0)), axes(b, n)))),
            "ReduceSum",
            (b, n, up) -> List.of(spread(b, n, kept(b, n, up.get(0)))),
            "ReduceMax",
            PoolingGradients::extreme,
            "ReduceMin",
            PoolingGradients::extreme);

    private PoolingGradients() {}

    private static long[] spatial(GradientBuilder b, Node n) {
        return LongStream.range(2, b.rank(n.input(0))).toArray();
    }

    private static String mean(GradientBuilder b, Node n, String up, long[] axes) {
        long[] shape = b.shape(n.input(0));
        return b.mul(up, 1.0 / LongStream.of(axes).map(a -> shape[(int) a]).reduce(1, (p, q) -> p * q));
    }

    private static String spread(GradientBuilder b, Node n, String up) {
        return b.op("Expand", up, b.longs(b.shape(n.input(0))));
    }

    /** Axes are an attribute, later an input; none means all. */
    private static long[] axes(GradientBuilder b, Node n) {
        int rank = b.rank(n.input(0));
        long[] axes = n.hasInput(1)
                ? b.constant(n.input(1)).orElseThrow().longs()
                : n.intsAttribute("axes", List.of()).stream()
                        .mapToLong(Long::longValue)
                        .toArray();
        if (axes.length == 0 && n.intAttribute("noop_with_empty_axes", 0) == 0) {
            return LongStream.range(0, rank).toArray();
        }
        return LongStream.of(axes).map(a -> a < 0 ? a + rank : a).toArray();
    }

    /** A gradient or result with the reduced axes as 1. */
    private static String kept(GradientBuilder b, Node n, String value) {
        long[] shape = b.shape(n.input(0));
        LongStream.of(axes(b, n)).forEach(a -> shape[(int) a] = 1);
        return b.reshape(value, shape);
    }

    private static List<String> extreme(GradientBuilder b, Node n, List<String> up) {
        return List.of(largest(b, n, kept(b, n, up.get(0)), kept(b, n, b.read(n.output(0)))));
    }

    /** Of equal extremes each gets the whole gradient. */
    private static String largest(GradientBuilder b, Node n, String up, String extreme) {
        return b.mul(up, b.number(b.op("Equal", b.read(n.input(0)), extreme)));
    }

    private static List<String> average(GradientBuilder b, Node n, List<String> up) {
        long[] x = b.shape(n.input(0));
        long[] y = b.shape(n.output(0));
        long[] kernel = n.intsAttribute("kernel_shape", List.of()).stream()
                .mapToLong(Long::longValue)
                .toArray();
        Window window = Window.of(n, kernel, x, y);
        String shares = b.divide(up.get(0), b.tensor(counts(n, window, x, y)));
        long[] weight =
                LongStream.concat(LongStream.of(x[1], 1), LongStream.of(kernel)).toArray();
        float[] ones = new float[(int) Tensor.count(weight)];
        Arrays.fill(ones, 1);
        return List.of(window.transposed(b, shares, b.tensor(Tensor.ofFloats(weight, ones)), x, y, x[1]));
    }

    /** How many elements each mean is of. */
    private static Tensor counts(Node n, Window window, long[] x, long[] y) {
        boolean padded = n.intAttribute("count_include_pad", 0) != 0;
        long[] ends = n.intsAttribute("pads", List.of()).stream()
                .mapToLong(Long::longValue)
                .toArray();
        float[] counts = {1};
        for (int axis = 0; axis < window.axes(); axis++) {
            int size = (int) y[axis + 2];
            float[] more = new float[counts.length * size];
            long behind = ends.length > 0 ? ends[axis + window.axes()] : Math.max(0, window.end(x, y)[axis]);
            long low = padded ? -window.begin()[axis] : 0;
            long high = x[axis + 2] + (padded ? behind : 0);
            for (int p = 0; p < size; p++) {
                long first = p * window.strides()[axis] - window.begin()[axis];
                int count = 0;
                for (long k = 0; k < window.kernel()[axis]; k++) {
                    long at = first + k * window.dilations()[axis];
                    count += at >= low && at < high ? 1 : 0;
                }
                for (int c = 0; c < counts.length; c++) {
                    more[c * size + p] = counts[c] * Math.max(1, count);
                }
            }
            counts = more;
        }
        long[] shape = y.clone();
        shape[0] = 1;
        shape[1] = 1;
        return Tensor.ofFloats(shape, counts);
    }

    /** Pools again and asks where each maximum came from. */
    private static List<String> maximum(GradientBuilder b, Node n, List<String> up) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(n.attributes());
        attributes.put("storage_order", new Attribute.IntValue(0));
        List<String> again = new ArrayList<>(b.add("MaxPool", List.of(b.read(n.input(0))), attributes, 2));
        return List.of(b.scatter(up.get(0), again.get(1), b.shape(n.input(0))));
    }
}
