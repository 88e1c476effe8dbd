package dev.detent.caffe;

import dev.detent.caffe.OperatorRules.Rule;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.PoolingParameter;
import dev.detent.caffe.proto.PoolingParameter.PoolMethod;
import dev.detent.caffe.proto.PoolingParameter.RoundMode;
import dev.detent.spi.export.CaffeOptions.Extension;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Pooling, padding, resizing: operators over height and width. */
final class SpatialOperators {

    private static final String FLOOR =
            "as it is where Caffe's rounding up gives the same windows; else round_mode or ceil_mode where the reader has"
                    + " them, or a pooling of stride 1 whose results a Convolution of ones thins out";

    static final Map<String, Rule> RULES = Map.of(
            "MaxPool",
            new Rule("Pooling", FLOOR, w -> pool(w, PoolMethod.MAX)),
            "AveragePool",
            new Rule(
                    "Pooling",
                    FLOOR + "; refused: padding that counts otherwise than in Caffe",
                    w -> pool(w, PoolMethod.AVE)),
            "GlobalMaxPool",
            new Rule("Pooling", "global_pooling", w -> global(w, PoolMethod.MAX)),
            "GlobalAveragePool",
            new Rule("Pooling", "global_pooling", w -> global(w, PoolMethod.AVE)),
            "Pad",
            new Rule("Convolution", "of ones, with a pad; refused: other than zeros", SpatialOperators::pad),
            "Resize",
            new Rule(
                    "Deconvolution",
                    "of ones, for nearest neighbours and whole factors; Upsample or Interp where the reader has them",
                    SpatialOperators::resize),
            "DepthToSpace",
            new Rule("Deconvolution", "of ones and zeros", w -> blocks(w, true)),
            "SpaceToDepth",
            new Rule("Convolution", "of ones and zeros", w -> blocks(w, false)));

    private SpatialOperators() {}

    static void global(NodeWriting w, PoolMethod method) {
        if (w.in(0).length != 4) {
            throw w.refused("pools a blob with other than four axes");
        }
        w.last(
                "Pooling",
                w.bottom(0),
                l -> l.getPoolingParamBuilder().setPool(method).setGlobalPooling(true));
    }

    private static void pool(NodeWriting w, PoolMethod method) {
        Node n = w.node();
        if (n.outputs().size() > 1 && !n.output(1).isEmpty()) {
            throw w.refused("gives the places of the largest too");
        }
        Geometry g = Geometry.of(
                w,
                n.intsAttribute("kernel_shape", List.of()).stream()
                        .mapToLong(Long::longValue)
                        .toArray());
        if (g.dilation()[0] != 1 || g.dilation()[1] != 1) {
            throw w.refused("has a dilation, which Pooling has not");
        }
        if (fits(w, g, method, true, false)) {
            w.last("Pooling", w.bottom(0), pooling(method, g, g.stride()));
        } else if ((w.has(Extension.ROUND_MODE) || w.has(Extension.CEIL_MODE)) && fits(w, g, method, false, false)) {
            w.last("Pooling", w.bottom(0), pooling(method, g, g.stride()).andThen(l -> roundDown(w, l)));
        } else if (fits(w, g, method, false, true)) {
            String dense = w.inner("dense", "Pooling", w.bottom(0), pooling(method, g, new long[] {1, 1}));
            long channels = w.in(0)[1];
            WeightedOperators.convolution(
                    w, dense, ones(channels, 0, 0), Optional.empty(), strided(g.stride()), channels);
        } else {
            throw w.refused("has windows or counts of padding that Pooling cannot have");
        }
    }

    private static void roundDown(NodeWriting w, LayerParameter.Builder l) {
        if (w.has(Extension.ROUND_MODE)) {
            l.getPoolingParamBuilder().setRoundMode(RoundMode.FLOOR);
        } else {
            l.getPoolingParamBuilder().setCeilMode(false);
        }
    }

    /** Whether Caffe's windows are those of the node, with the counts that averages divide by. */
    private static boolean fits(NodeWriting w, Geometry g, PoolMethod method, boolean up, boolean dense) {
        long[] in = w.in(0);
        long[] out = w.out();
        boolean anyPadding = g.before()[0] > 0 || g.before()[1] > 0;
        for (int i = 0; i < 2; i++) {
            long stride = dense ? 1 : g.stride()[i];
            Pooling.Axis caffe = new Pooling.Axis(in[2 + i], g.kernel()[i], stride, g.before()[i]);
            long windows = caffe.windows(up, anyPadding);
            long needed = dense ? (out[2 + i] - 1) * g.stride()[i] + 1 : out[2 + i];
            boolean enough = dense ? windows >= needed : windows == needed;
            if (!enough || dense && (windows - 1) / g.stride()[i] + 1 != out[2 + i]) {
                return false;
            }
            for (long k = 0; k < out[2 + i]; k++) {
                if (method == PoolMethod.AVE
                        && caffe.counted(dense ? k * g.stride()[i] : k) != counted(w.node(), g, in[2 + i], i, k)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Elements of ONNX's window: without padding, with it, or, in the last window of ceil_mode, with what is there. */
    private static long counted(Node n, Geometry g, long size, int i, long window) {
        long from = window * g.stride()[i] - g.before()[i];
        long to = from + g.kernel()[i];
        return n.intAttribute("count_include_pad", 0) != 0
                ? Math.min(to, size + g.behind()[i]) - from
                : Math.min(to, size) - Math.max(0, from);
    }

    private static Consumer<LayerParameter.Builder> pooling(PoolMethod method, Geometry g, long[] stride) {
        return l -> {
            PoolingParameter.Builder p = l.getPoolingParamBuilder().setPool(method);
            if (g.kernel()[0] == g.kernel()[1]) {
                p.setKernelSize((int) g.kernel()[0]);
            } else {
                p.setKernelH((int) g.kernel()[0]).setKernelW((int) g.kernel()[1]);
            }
            if (stride[0] == stride[1]) {
                p.setStride((int) stride[0]);
            } else {
                p.setStrideH((int) stride[0]).setStrideW((int) stride[1]);
            }
            if (g.before()[0] != g.before()[1]) {
                p.setPadH((int) g.before()[0]).setPadW((int) g.before()[1]);
            } else if (g.before()[0] != 0) {
                p.setPad((int) g.before()[0]);
            }
        };
    }

    /**
     * A depthwise kernel with one 1, at its end: what stands {@code top} and {@code left} of the window's beginning.
     */
    static Tensor ones(long channels, long top, long left) {
        int size = (int) ((top + 1) * (left + 1));
        float[] all = new float[(int) channels * size];
        for (int c = 0; c < channels; c++) {
            all[(c + 1) * size - 1] = 1;
        }
        return Tensor.ofFloats(new long[] {channels, 1, top + 1, left + 1}, all);
    }

    static Geometry strided(long[] stride) {
        return new Geometry(new long[] {1, 1}, stride, new long[] {1, 1}, new long[2], new long[2]);
    }

    private static void pad(NodeWriting w) {
        Node n = w.node();
        long[] in = w.in(0);
        long[] pads = w.longs(1, "pads");
        boolean zeros = !n.hasInput(2) || w.required(2, "a value").floats()[0] == 0;
        if (!n.stringAttribute("mode", "constant").equals("constant")
                || !zeros
                || n.hasInput(3)
                || in.length != 4
                || Arrays.stream(pads).anyMatch(p -> p < 0)
                || pads.length != 8
                || pads[0] + pads[4] != 0) {
            throw w.refused("pads with other than zeros, or cuts off");
        }
        Geometry g = new Geometry(
                new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1}, new long[] {pads[2], pads[3]}, new long[] {
                    pads[6], pads[7]
                });
        long channels = in[1];
        if (pads[1] + pads[5] == 0) {
            Tensor one = WeightedOperators.widened(w, ones(channels, 0, 0), g);
            WeightedOperators.convolution(w, w.bottom(0), one, Optional.empty(), g, channels);
            return;
        }
        long all = channels + pads[1] + pads[5];
        float[] picks = new float[(int) (all * channels)];
        for (int c = 0; c < channels; c++) {
            picks[(int) ((pads[1] + c) * channels + c)] = 1;
        }
        Tensor kernel = WeightedOperators.widened(w, Tensor.ofFloats(new long[] {all, channels, 1, 1}, picks), g);
        WeightedOperators.convolution(w, w.bottom(0), kernel, Optional.empty(), g, 1);
    }

    private static void resize(NodeWriting w) {
        Node n = w.node();
        long[] in = w.in(0);
        long[] out = w.out();
        String mode = n.stringAttribute("mode", "nearest");
        String place = n.stringAttribute("coordinate_transformation_mode", "half_pixel");
        if (in.length != 4 || in[0] != out[0] || in[1] != out[1]) {
            throw w.refused("resizes other axes than height and width");
        }
        if (mode.equals("linear") && place.equals("align_corners") && w.has(Extension.INTERP)) {
            w.last(
                    "Interp",
                    w.bottom(0),
                    l -> l.getInterpParamBuilder().setHeight((int) out[2]).setWidth((int) out[3]));
            return;
        }
        long[] factor = {out[2] / in[2], out[3] / in[3]};
        boolean whole = factor[0] * in[2] == out[2] && factor[1] * in[3] == out[3];
        if (!mode.equals("nearest") || !whole || !repeats(n, place, factor)) {
            throw w.refused("interpolates as no layer of Caffe does; use nearest neighbours and whole factors");
        }
        if (factor[0] == factor[1] && w.has(Extension.UPSAMPLE)) {
            w.last("Upsample", w.bottom(0), l -> l.getUpsampleParamBuilder().setScale((int) factor[0]));
            return;
        }
        float[] all = new float[(int) (in[1] * factor[0] * factor[1])];
        Arrays.fill(all, 1);
        WeightedOperators.deconvolution(
                w,
                Tensor.ofFloats(new long[] {in[1], 1, factor[0], factor[1]}, all),
                Optional.empty(),
                strided(factor),
                in[1]);
    }

    /** Every element simply stands several times. */
    private static boolean repeats(Node n, String place, long[] factor) {
        String nearest = n.stringAttribute("nearest_mode", "round_prefer_floor");
        boolean rounds = nearest.startsWith("round_prefer");
        return switch (place) {
            case "half_pixel", "pytorch_half_pixel" -> rounds;
            case "asymmetric" ->
                nearest.equals("floor") || nearest.equals("round_prefer_floor") && Math.max(factor[0], factor[1]) <= 2;
            default -> false;
        };
    }

    /** Blocks of pixels to channels and back: a kernel as large as the block that picks one element each. */
    private static void blocks(NodeWriting w, boolean toSpace) {
        int size = (int) w.node().intAttribute("blocksize", 0);
        long[] in = w.in(0);
        long[] out = w.out();
        int deep = (int) (toSpace ? in[1] : out[1]);
        int flat = (int) (toSpace ? out[1] : in[1]);
        boolean columnFirst = w.node().stringAttribute("mode", "DCR").equals("CRD");
        float[] picks = new float[deep * flat * size * size];
        for (int c = 0; c < flat; c++) {
            for (int p = 0; p < size * size; p++) {
                int d = columnFirst ? c * size * size + p : p * flat + c;
                picks[(d * flat + c) * size * size + p] = 1;
            }
        }
        Tensor kernel = Tensor.ofFloats(new long[] {deep, flat, size, size}, picks);
        Geometry g = strided(new long[] {size, size});
        if (toSpace) {
            WeightedOperators.deconvolution(w, kernel, Optional.empty(), g, 1);
        } else {
            WeightedOperators.convolution(w, w.bottom(0), kernel, Optional.empty(), g, 1);
        }
    }
}
