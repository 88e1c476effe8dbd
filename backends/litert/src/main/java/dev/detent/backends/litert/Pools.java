package dev.detent.backends.litert;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Pools and reductions. */
final class Pools {

    static final Map<String, Consumer<NodeConversion>> TABLE = Map.ofEntries(
            Map.entry("MaxPool", c -> pool(c, BuiltinOperator.MAX_POOL_2D)),
            Map.entry("AveragePool", c -> pool(c, BuiltinOperator.AVERAGE_POOL_2D)),
            Map.entry("GlobalAveragePool", c -> global(c, BuiltinOperator.MEAN)),
            Map.entry("GlobalMaxPool", c -> global(c, BuiltinOperator.REDUCE_MAX)),
            Map.entry("ReduceMean", c -> reduction(c, BuiltinOperator.MEAN)),
            Map.entry("ReduceSum", c -> reduction(c, BuiltinOperator.SUM)),
            Map.entry("ReduceMax", c -> reduction(c, BuiltinOperator.REDUCE_MAX)),
            Map.entry("ReduceMin", c -> reduction(c, BuiltinOperator.REDUCE_MIN)));

    private Pools() {}

    private static void pool(NodeConversion c, BuiltinOperator op) {
        Node n = c.node();
        StoredValue picture = Picture.of(c);
        Window w = Window.of(n, Window.longs(n.intsAttribute("kernel_shape", List.of())), c.shape(0), c.outputShape());
        if (w.dilation()[0] != 1 || w.dilation()[1] != 1 || !n.output(1).isEmpty()) {
            throw c.refused("has dilations or gives indices, which LiteRT's pools do not");
        }
        boolean average = op == BuiltinOperator.AVERAGE_POOL_2D;
        boolean corrected = average && countsOtherwise(n, w);
        if (average && !w.isValid() && (corrected || countsPads(n))) {
            w = w.never();
        }
        Optional<Float> fill = average ? Optional.empty() : Optional.of(-Float.MAX_VALUE);
        BuiltinOptions options = BuiltinOptions.none()
                .choice(0, Picture.padding(w))
                .integer(1, w.stride()[1])
                .integer(2, w.stride()[0])
                .integer(3, w.kernel()[1])
                .integer(4, w.kernel()[0]);
        StoredValue data = Picture.padded(c, picture, w, fill);
        if (corrected) {
            long[] dims = Picture.tall(c.outputShape());
            StoredValue sums = c.make(op, options, List.of(data), dims, data.order(), Optional.empty());
            Constant factors = factors(n, w, picture.dims(), dims);
            List<StoredValue> both = List.of(sums, c.net().constant(factors, data.order()));
            Picture.gives(
                    c, c.make(BuiltinOperator.MUL, BuiltinOptions.none(), both, dims, data.order(), Optional.empty()));
        } else {
            Picture.gives(c, op, options, List.of(data), data.encoding());
        }
    }

    private static boolean countsPads(Node n) {
        return n.intAttribute("count_include_pad", 0) == 1;
    }

    /**
     * LiteRT divides by the number of elements that are there with SAME, and by the kernel's size where pads come
     * before. Another count is put right in float.
     */
    private static boolean countsOtherwise(Node n, Window w) {
        boolean overhangs = w.after()[0] > w.declaredAfter()[0] || w.after()[1] > w.declaredAfter()[1];
        return !w.isValid() && (countsPads(n) ? overhangs : !w.same());
    }

    /** An average pool that no integer kernel computes. */
    static boolean isCorrected(Node n, GraphConversion net) {
        return n.is("AveragePool")
                && Picture.is(net.shape(n.input(0)))
                && countsOtherwise(
                        n,
                        Window.of(
                                n,
                                Window.longs(n.intsAttribute("kernel_shape", List.of())),
                                net.shape(n.input(0)),
                                net.shape(n.output(0))));
    }

    /** Kernel size over count, place by place. */
    private static Constant factors(Node n, Window w, long[] in, long[] out) {
        float[][] axis = new float[2][];
        for (int d = 0; d < 2; d++) {
            axis[d] = new float[Math.toIntExact(out[2 + d])];
            long low = countsPads(n) ? -w.before()[d] : 0;
            long high = in[2 + d] + (countsPads(n) ? w.declaredAfter()[d] : 0);
            for (int i = 0; i < axis[d].length; i++) {
                long first = (long) i * w.stride()[d] - w.before()[d];
                long count = Math.min(first + w.kernel()[d], high) - Math.max(first, low);
                axis[d][i] = w.kernel()[d] / (float) count;
            }
        }
        float[] all = new float[axis[0].length * axis[1].length];
        for (int i = 0; i < all.length; i++) {
            all[i] = axis[0][i / axis[1].length] * axis[1][i % axis[1].length];
        }
        return new Constant(
                n.name() + "_factors", Tensor.ofFloats(new long[] {1, 1, out[2], out[3]}, all), Optional.empty());
    }

    private static void global(NodeConversion c, BuiltinOperator op) {
        int rank = c.shape(0).length;
        reduce(c, op, IntStream.range(2, rank).boxed().toList(), true);
    }

    private static void reduction(NodeConversion c, BuiltinOperator op) {
        Node n = c.node();
        int rank = c.shape(0).length;
        Optional<long[]> named = c.longs(1, "axes").filter(a -> a.length > 0);
        if (named.isEmpty() && n.intAttribute("noop_with_empty_axes", 0) == 1) {
            c.net().alias(n.output(0), n.input(0));
            return;
        }
        List<Integer> axes = named.map(a -> Arrays.stream(a)
                        .mapToInt(i -> (int) (i < 0 ? i + rank : i))
                        .boxed()
                        .toList())
                .orElseGet(() -> IntStream.range(0, rank).boxed().toList());
        reduce(c, op, axes, n.intAttribute("keepdims", 1) == 1);
    }

    private static void reduce(NodeConversion c, BuiltinOperator op, List<Integer> axes, boolean keeps) {
        StoredValue data = c.in(0);
        AxisOrder left = keeps ? data.order() : data.order().without(axes);
        if (!keeps && !left.isNatural()) {
            data = c.in(0, AxisOrder.natural(data.dims().length));
            left = AxisOrder.natural(left.rank());
        }
        List<Integer> positions = new ArrayList<>();
        for (int a : axes) {
            positions.add(data.order().position(a));
        }
        StoredValue where =
                c.integers(positions.stream().sorted().mapToInt(i -> i).toArray());
        BuiltinOptions options = BuiltinOptions.none().flag(0, keeps);
        // MEAN has kernels that rescale; a maximum's code is one of its input's.
        c.gives(op, options, List.of(data, where), left, op == BuiltinOperator.MEAN ? c.wanted() : data.encoding());
    }
}
