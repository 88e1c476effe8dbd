package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Convolutions of any number of axes, with groups, strides, dilations and pads. The recipes are those that ran fastest
 * on ONNX Runtime's CPU kernels of many that compute the same.
 */
final class ConvolutionGradients {

    static final Map<String, GradientRule> ROWS =
            Map.of("Conv", ConvolutionGradients::conv, "ConvTranspose", ConvolutionGradients::convTranspose);

    /** Larger weights are not turned around for every sample: that would cost more than it saves. */
    private static final long TURNED = 1 << 17;

    private ConvolutionGradients() {}

    private static List<String> conv(GradientBuilder b, Node n, List<String> up) {
        long[] x = b.shape(n.input(0));
        long[] w = b.shape(n.input(1));
        long[] y = b.shape(n.output(0));
        Window window = Window.of(n, LongStream.of(w).skip(2).toArray(), x, y);
        String dy = up.get(0);
        String dx = b.isWanted(n, 0) ? toData(b, n, dy, window, x, w, y) : "";
        String dw = b.isWanted(n, 1) ? toWeight(b, b.read(n.input(0)), dy, x, y, w, window) : "";
        return List.of(dx, dw, toBias(b, n, dy, y));
    }

    private static String toBias(GradientBuilder b, Node n, String dy, long[] y) {
        if (!n.hasInput(2) || !b.isWanted(n, 2)) {
            return "";
        }
        return b.reshape(
                b.sum(dy, LongStream.range(0, y.length).filter(i -> i != 1).toArray()), y[1]);
    }

    /** With stride 1 a convolution with the weights turned around: faster than a transposed one. */
    private static String toData(GradientBuilder b, Node n, String dy, Window window, long[] x, long[] w, long[] y) {
        String weight = b.read(n.input(1));
        boolean small = Tensor.count(w) <= TURNED;
        boolean fits = true;
        long[] pads = new long[2 * window.axes()];
        for (int i = 0; i < window.axes(); i++) {
            pads[i] = window.reach(i) - 1 - window.begin()[i];
            pads[i + window.axes()] = x[i + 2] - y[i + 2] + window.reach(i) - 1 - pads[i];
            fits &= window.strides()[i] == 1 && pads[i] >= 0 && pads[i + window.axes()] >= 0;
        }
        if (!fits || !small) {
            return window.transposed(b, dy, weight, x, y, window.groups());
        }
        return b.add(
                "Conv",
                List.of(dy, turned(b, weight, w, window)),
                Map.of(
                        "group", new Attribute.IntValue(window.groups()),
                        "dilations", GradientBuilder.ints(window.dilations()),
                        "pads", GradientBuilder.ints(pads)));
    }

    /** [out, in / g, k...] to [in, out / g, k...] with every k in reverse. */
    private static String turned(GradientBuilder b, String weight, long[] w, Window window) {
        String turned = weight;
        for (int i = 2; i < w.length; i++) {
            if (w[i] > 1) {
                turned = b.slice(turned, i, -1, Long.MIN_VALUE, -1);
            }
        }
        long g = window.groups();
        if (g == w[0] && w[1] == 1) {
            return turned;
        }
        long[] split = LongStream.concat(
                        LongStream.of(g, w[0] / g, w[1]), LongStream.of(w).skip(2))
                .toArray();
        long[] order = LongStream.range(0, split.length).toArray();
        order[1] = 2;
        order[2] = 1;
        long[] joined = w.clone();
        joined[0] = g * w[1];
        joined[1] = w[0] / g;
        return b.reshape(b.transpose(b.reshape(turned, split), order), joined);
    }

    /**
     * dW[o, c, k] is the sum of dY[o, p] X[c, p s + k d] over all samples and positions p.
     *
     * @param x shape of the convolution's input
     * @param y of its output
     */
    private static String toWeight(
            GradientBuilder b, String data, String dy, long[] x, long[] y, long[] w, Window window) {
        if (window.groups() == 1 && x.length == 4) {
            return dense(b, data, dy, x, y, w, window);
        }
        return grouped(b, data, dy, x, y, w, window);
    }

    /** One matrix product for each place in the kernel, of channels-last slices. */
    private static String dense(
            GradientBuilder b, String data, String dy, long[] x, long[] y, long[] w, Window window) {
        long positions = y[0] * y[2] * y[3];
        String outputs =
                y[0] == 1 ? b.reshape(dy, y[1], positions) : b.reshape(b.transpose(dy, 1, 0, 2, 3), y[1], positions);
        boolean whole = window.isPointwise() && x[2] == y[2] && x[3] == y[3];
        if (whole && x[0] == 1) {
            return b.reshape(MatrixGradients.gemm(b, outputs, b.reshape(data, x[1], positions), false, true), w);
        }
        String last = b.transpose(data, 0, 2, 3, 1);
        long[] begin = window.begin();
        long[] end = window.end(x, y);
        long[] pads = {0, begin[0], begin[1], 0, 0, Math.max(0, end[0]), Math.max(0, end[1]), 0};
        if (LongStream.of(pads).anyMatch(p -> p != 0)) {
            last = b.op("Pad", last, b.longs(pads));
        }
        List<String> places = new ArrayList<>();
        for (long i = 0; i < w[2]; i++) {
            String row = cut(b, last, 1, i * window.dilations()[0], window.strides()[0], y[2]);
            for (long j = 0; j < w[3]; j++) {
                String slice = cut(b, row, 2, j * window.dilations()[1], window.strides()[1], y[3]);
                String product = b.op("MatMul", outputs, b.reshape(slice, positions, x[1]));
                places.add(b.reshape(product, y[1], x[1], 1));
            }
        }
        String all =
                places.size() == 1 ? places.get(0) : b.add("Concat", places, Map.of("axis", new Attribute.IntValue(2)));
        return b.reshape(all, w);
    }

    private static String cut(GradientBuilder b, String value, int axis, long from, long step, long count) {
        return b.slice(value, axis, from, from + (count - 1) * step + 1, step);
    }

    /**
     * A convolution of the data, input channels of a group as the batch, with dY as weights, strides and dilations
     * changing places: exact for groups and any number of axes.
     */
    private static String grouped(
            GradientBuilder b, String data, String dy, long[] x, long[] y, long[] w, Window window) {
        long g = window.groups();
        long samples = x[0];
        long depth = x[1] / g;
        long[] spatialX = LongStream.of(x).skip(2).toArray();
        long[] spatialY = LongStream.of(y).skip(2).toArray();
        String input = data;
        if (samples != 1 || depth != 1) {
            // [n, g, depth, ...] to [depth, g, n, ...]
            input = b.reshape(data, join(spatialX, samples, g, depth));
            input = b.transpose(input, order(spatialX.length, 2, 1, 0));
        }
        input = b.reshape(input, join(spatialX, depth, g * samples));
        String weights = samples == 1 ? dy : b.transpose(dy, order(spatialY.length, 1, 0));
        weights = b.reshape(weights, join(spatialY, y[1], samples));
        long[] pads = new long[2 * window.axes()];
        for (int i = 0; i < window.axes(); i++) {
            pads[i] = window.begin()[i];
            pads[i + window.axes()] = Math.max(0, window.end(x, y)[i]);
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("group", new Attribute.IntValue(g));
        attributes.put("strides", GradientBuilder.ints(window.dilations()));
        attributes.put("dilations", GradientBuilder.ints(window.strides()));
        attributes.put("pads", GradientBuilder.ints(pads));
        String result = b.add("Conv", List.of(input, weights), attributes);
        for (int i = 0; i < window.axes(); i++) {
            // With strides the data may reach further than the kernel.
            result = b.slice(result, i + 2L, 0, w[i + 2], 1);
        }
        return depth == 1 ? b.reshape(result, w) : b.reshape(b.transpose(result, order(window.axes(), 1, 0)), w);
    }

    private static long[] join(long[] tail, long... head) {
        return LongStream.concat(LongStream.of(head), LongStream.of(tail)).toArray();
    }

    /** These axes first, in this order, then as many as they come. */
    private static long[] order(int rest, long... first) {
        return LongStream.concat(LongStream.of(first), LongStream.range(first.length, first.length + (long) rest))
                .toArray();
    }

    /**
     * The gradient of a transposed convolution is a convolution, and data and gradient change places in its weight's.
     */
    private static List<String> convTranspose(GradientBuilder b, Node n, List<String> up) {
        long[] x = b.shape(n.input(0));
        long[] w = b.shape(n.input(1));
        long[] y = b.shape(n.output(0));
        Window window = Window.of(n, LongStream.of(w).skip(2).toArray(), y, x);
        String dy = up.get(0);
        String dx = b.isWanted(n, 0) ? window.convolution(b, dy, b.read(n.input(1)), y, x) : "";
        String dw = b.isWanted(n, 1) ? toWeight(b, dy, b.read(n.input(0)), y, x, w, window) : "";
        return List.of(dx, dw, toBias(b, n, dy, y));
    }
}
