package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Normalizations and softmax. */
final class NormalizationGradients {

    static final Map<String, GradientRule> ROWS = Map.of(
            "Softmax", NormalizationGradients::softmax,
            "LogSoftmax", NormalizationGradients::logSoftmax,
            "LayerNormalization", NormalizationGradients::layer,
            "InstanceNormalization", NormalizationGradients::instance,
            "BatchNormalization", NormalizationGradients::batch);

    private NormalizationGradients() {}

    private static long axis(GradientBuilder b, Node n) {
        long axis = n.intAttribute("axis", -1);
        return axis < 0 ? axis + b.rank(n.input(0)) : axis;
    }

    private static List<String> softmax(GradientBuilder b, Node n, List<String> up) {
        String y = b.read(n.output(0));
        String mean = b.sum(b.mul(up.get(0), y), axis(b, n));
        return List.of(b.mul(y, b.minus(up.get(0), mean)));
    }

    private static List<String> logSoftmax(GradientBuilder b, Node n, List<String> up) {
        String y = b.read(n.output(0));
        return List.of(b.minus(up.get(0), b.mul(b.op("Exp", y), b.sum(up.get(0), axis(b, n)))));
    }

    private static List<String> layer(GradientBuilder b, Node n, List<String> up) {
        long[] axes = LongStream.range(axis(b, n), b.rank(n.input(0))).toArray();
        return normalized(b, n, up.get(0), axes, b.shape(n.input(1)));
    }

    /** Scale and offset belong to the channel. */
    private static List<String> instance(GradientBuilder b, Node n, List<String> up) {
        int rank = b.rank(n.input(0));
        return normalized(b, n, up.get(0), LongStream.range(2, rank).toArray(), channels(b, n));
    }

    private static long[] channels(GradientBuilder b, Node n) {
        long[] shape = new long[b.rank(n.input(0))];
        java.util.Arrays.fill(shape, 1);
        shape[1] = b.shape(n.input(0))[1];
        return shape;
    }

    /**
     * y = scale (x - E x) / sigma + offset over some axes: with g = scale dy and x' the normalized input, dx = (g - E g
     * - x' E g x') / sigma.
     *
     * @param scaling shape in which the scale is broadcast
     */
    private static List<String> normalized(GradientBuilder b, Node n, String dy, long[] axes, long[] scaling) {
        long[] shape = b.shape(n.input(0));
        double count = LongStream.of(axes).map(a -> shape[(int) a]).reduce(1, (p, q) -> p * q);
        String x = b.read(n.input(0));
        String centred = b.minus(x, b.mul(b.sum(x, axes), 1 / count));
        String variance = b.mul(b.sum(b.mul(centred, centred), axes), 1 / count);
        String inverse = b.power(b.plus(variance, n.floatAttribute("epsilon", 1e-5f)), -0.5);
        String unit = b.mul(centred, inverse);
        String scale = b.reshape(b.read(n.input(1)), scaling);
        String dx = "";
        if (b.isWanted(n, 0)) {
            String g = b.mul(dy, scale);
            String mean = b.mul(b.sum(g, axes), 1 / count);
            String along = b.mul(unit, b.mul(b.sum(b.mul(g, unit), axes), 1 / count));
            dx = b.mul(inverse, b.minus(b.minus(g, mean), along));
        }
        String dscale = b.isWanted(n, 1) ? back(b, b.mul(dy, unit), shape, scaling, b.shape(n.input(1))) : "";
        String dbias = n.hasInput(2) && b.isWanted(n, 2) ? back(b, dy, shape, scaling, b.shape(n.input(2))) : "";
        return List.of(dx, dscale, dbias);
    }

    private static String back(GradientBuilder b, String gradient, long[] from, long[] scaling, long[] to) {
        return b.reshape(b.reduceTo(gradient, from, scaling), to);
    }

    /** With the statistics of the training. */
    private static List<String> batch(GradientBuilder b, Node n, List<String> up) {
        long[] channels = channels(b, n);
        long[] shape = b.shape(n.input(0));
        String variance = b.reshape(b.read(n.input(4)), channels);
        String inverse =
                b.op("Pow", b.plus(variance, n.floatAttribute("epsilon", 1e-5f)), b.tensor(Tensor.scalar(-0.5f)));
        String scale = b.reshape(b.read(n.input(1)), channels);
        String dy = up.get(0);
        String dx = b.isWanted(n, 0) ? b.mul(dy, b.mul(scale, inverse)) : "";
        String dscale = "";
        if (b.isWanted(n, 1)) {
            String unit = b.mul(b.minus(b.read(n.input(0)), b.reshape(b.read(n.input(3)), channels)), inverse);
            dscale = back(b, b.mul(dy, unit), shape, channels, b.shape(n.input(1)));
        }
        String dbias = b.isWanted(n, 2) ? back(b, dy, shape, channels, b.shape(n.input(2))) : "";
        return List.of(dx, dscale, dbias);
    }
}
