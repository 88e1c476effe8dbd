package dev.detent.backends.litert;

import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import java.util.List;

/** Resize: bilinear, or nearest where LiteRT takes the same pixels. */
final class Resizes {

    /** How LiteRT counts pixels. */
    private record Mode(boolean aligned, boolean halfPixel) {
        /** Reference kernel's nearest pixel (kernels/internal/reference/resize_nearest_neighbor.h). */
        long nearest(long x, long in, long out) {
            float scale = aligned && out > 1 ? (in - 1) / (float) (out - 1) : in / (float) out;
            float offset = halfPixel ? 0.5f : 0;
            double at = aligned ? Math.floor((x + offset) * scale + 0.5) : Math.floor((x + offset) * scale);
            return Math.max(0, Math.min(in - 1, (long) at));
        }
    }

    private static final List<Mode> MODES =
            List.of(new Mode(false, true), new Mode(false, false), new Mode(true, false));

    private Resizes() {}

    static void write(NodeConversion c) {
        Node n = c.node();
        long[] in = c.shape(0);
        long[] out = c.outputShape();
        if (in.length != 4 || in[0] != out[0] || in[1] != out[1]) {
            throw c.refused("does not keep batch and channels of a picture, as LiteRT's does");
        }
        if (n.intAttribute("antialias", 0) != 0) {
            throw c.refused("is antialiased, which LiteRT's is not");
        }
        String coordinates = n.stringAttribute("coordinate_transformation_mode", "half_pixel");
        boolean linear = n.stringAttribute("mode", "nearest").equals("linear");
        Mode mode = linear ? bilinear(c, coordinates) : nearest(c, coordinates);
        AxisOrder order = AxisOrder.channelsLast(4);
        StoredValue size = c.integers((int) out[2], (int) out[3]);
        BuiltinOptions options = linear
                ? BuiltinOptions.none().flag(2, mode.aligned()).flag(3, mode.halfPixel())
                : BuiltinOptions.none().flag(0, mode.aligned()).flag(1, mode.halfPixel());
        c.moves(
                linear ? BuiltinOperator.RESIZE_BILINEAR : BuiltinOperator.RESIZE_NEAREST_NEIGHBOR,
                options,
                List.of(c.in(0, order), size),
                order);
    }

    private static Mode bilinear(NodeConversion c, String coordinates) {
        for (int axis = 2; axis < 4; axis++) {
            long in = c.shape(0)[axis];
            long out = c.outputShape()[axis];
            double factor = factor(c, axis);
            if (factor != out / (double) in && !coordinates.equals("align_corners")) {
                throw c.refused("makes " + out + " pixels of " + in + " with the factor " + (float) factor
                        + ", and LiteRT's divides them evenly; give it sizes");
            }
        }
        return switch (coordinates) {
            case "half_pixel", "pytorch_half_pixel" -> new Mode(false, true);
            case "align_corners" -> new Mode(true, false);
            case "asymmetric" -> new Mode(false, false);
            default -> throw counted(c, coordinates);
        };
    }

    private static UserException counted(NodeConversion c, String coordinates) {
        return c.refused("counts pixels as '" + coordinates + "', which LiteRT does not");
    }

    /** Output pixels for one of the input, as ONNX has it: the factor that the node names, or the sizes' ratio. */
    private static double factor(NodeConversion c, int axis) {
        Node n = c.node();
        double ratio = c.outputShape()[axis] / (double) c.shape(0)[axis];
        float[] factors = n.hasInput(2)
                ? c.net().constant(n.input(2)).map(Constant::floats).orElse(new float[0])
                : new float[0];
        List<Long> axes = n.intsAttribute("axes", List.of(0L, 1L, 2L, 3L));
        int at = Math.max(axes.indexOf((long) axis), axes.indexOf(axis - 4L));
        boolean named = at >= 0 && at < factors.length;
        // Most factors are the ratio, but for a float's precision.
        return named && Math.abs(factors[at] / ratio - 1) > 1e-4 ? factors[at] : ratio;
    }

    private static Mode nearest(NodeConversion c, String coordinates) {
        String rounding = c.node().stringAttribute("nearest_mode", "round_prefer_floor");
        if (!c.node().stringAttribute("mode", "nearest").equals("nearest")) {
            throw c.refused("interpolates by cubes, which LiteRT does not");
        }
        return MODES.stream()
                .filter(m -> same(c, m, coordinates, rounding, 2) && same(c, m, coordinates, rounding, 3))
                .findFirst()
                .orElseThrow(() -> c.refused("takes other pixels with " + coordinates + " and " + rounding
                        + " than any of LiteRT's modes; asymmetric with floor is one of them"));
    }

    private static boolean same(NodeConversion c, Mode mode, String coordinates, String rounding, int axis) {
        long in = c.shape(0)[axis];
        long out = c.outputShape()[axis];
        double scale = factor(c, axis);
        for (long x = 0; x < out; x++) {
            double at = onnx(c, coordinates, x, in, out, scale);
            if (mode.nearest(x, in, out) != rounded(at, rounding, in)) {
                return false;
            }
        }
        return true;
    }

    /** Where ONNX looks along an axis, in pixels of the input. */
    private static double onnx(NodeConversion c, String coordinates, long x, long in, long out, double scale) {
        double half = (x + 0.5) / scale - 0.5;
        return switch (coordinates) {
            case "asymmetric" -> x / scale;
            case "align_corners" -> out == 1 ? 0 : x * (in - 1.0) / (out - 1);
            case "pytorch_half_pixel" -> out == 1 ? 0 : half;
            case "tf_half_pixel_for_nn" -> half + 0.5;
            case "half_pixel" -> half;
            case "half_pixel_symmetric" -> in / 2.0 * (1 - out / (scale * in)) + half;
            default -> throw counted(c, coordinates);
        };
    }

    private static long rounded(double at, String rounding, long in) {
        double pixel = switch (rounding) {
            case "floor" -> Math.floor(at);
            case "ceil" -> Math.ceil(at);
            case "round_prefer_ceil" -> Math.floor(at + 0.5);
            default -> Math.ceil(at - 0.5);
        };
        return Math.max(0, Math.min(in - 1, (long) pixel));
    }
}
