package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Every mode of Resize is linear and acts on one axis after the other: what it does to an axis is a matrix, which the
 * operator itself makes of a unit matrix, and the gradient goes through its transpose.
 */
final class ResizeGradient {

    private ResizeGradient() {}

    static List<String> apply(GradientBuilder b, Node n, List<String> up) {
        long[] x = b.shape(n.input(0));
        long[] y = b.shape(n.output(0));
        String gradient = up.get(0);
        for (int axis = 0; axis < x.length; axis++) {
            if (x[axis] != y[axis]) {
                gradient = along(b, n, gradient, axis, x, y);
            }
        }
        return List.of(gradient);
    }

    private static String along(GradientBuilder b, Node n, String gradient, int axis, long[] x, long[] y) {
        int rank = x.length;
        String back = b.reshape(matrix(b, n, axis, x, y), x[axis], y[axis]);
        long[] order = LongStream.range(0, rank).toArray();
        order[axis] = rank - 1L;
        order[rank - 1] = axis;
        boolean last = axis == rank - 1;
        // [.., to] times [to, from]
        String moved = last ? gradient : b.transpose(gradient, order);
        String product = b.op("MatMul", moved, b.transpose(back, 1, 0));
        return last ? product : b.transpose(product, order);
    }

    /** Row i is what element i of the axis becomes. */
    private static String matrix(GradientBuilder b, Node n, int axis, long[] x, long[] y) {
        int other = axis == 0 ? 1 : 0;
        int size = (int) x[axis];
        long[] from = ones(x.length);
        from[axis] = size;
        from[other] = size;
        float[] unit = new float[size * size];
        for (int i = 0; i < size; i++) {
            unit[i * size + i] = 1;
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>(n.attributes());
        attributes.remove("axes");
        attributes.remove("keep_aspect_ratio_policy");
        String image = b.tensor(Tensor.ofFloats(from, unit));
        if (n.hasInput(3)) {
            long[] to = from.clone();
            to[axis] = y[axis];
            return b.add("Resize", List.of(image, "", "", b.longs(to)), attributes);
        }
        float[] given = b.constant(n.input(2)).orElseThrow().floats();
        float[] scales = new float[x.length];
        Arrays.fill(scales, 1);
        List<Long> axes = n.intsAttribute("axes", List.of());
        int at = axes.isEmpty() ? axis : Math.max(axes.indexOf((long) axis), axes.indexOf((long) axis - x.length));
        scales[axis] = given[at];
        return b.add(
                "Resize", List.of(image, "", b.tensor(Tensor.ofFloats(new long[] {x.length}, scales))), attributes);
    }

    private static long[] ones(int rank) {
        long[] ones = new long[rank];
        Arrays.fill(ones, 1);
        return ones;
    }
}
