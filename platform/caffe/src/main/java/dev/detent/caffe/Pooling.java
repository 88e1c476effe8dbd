package dev.detent.caffe;

import dev.detent.caffe.proto.PoolingParameter;
import dev.detent.caffe.proto.PoolingParameter.PoolMethod;
import dev.detent.caffe.proto.PoolingParameter.RoundMode;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pooling as Caffe does it: the number of windows is rounded up, a last window that would begin in the padding is left
 * out (only where there is padding), and an average counts padding up to that of the far side, no further
 * (pooling_layer.cpp). ONNX says the same with explicit pads.
 */
final class Pooling {

    private Pooling() {}

    /**
     * Windows along one axis.
     *
     * @param size of the axis
     * @param pad on either side
     */
    record Axis(long size, long kernel, long stride, long pad) {

        /** How many windows Caffe makes, of all axes together: padding on one makes the rule hold for both. */
        long windows(boolean up, boolean anyPadding) {
            long room = size + 2 * pad - kernel;
            long n = (up ? -Math.floorDiv(-room, stride) : Math.floorDiv(room, stride)) + 1;
            return anyPadding && (n - 1) * stride >= size + pad ? n - 1 : n;
        }

        /** Elements that the average of a window divides by. */
        long counted(long window) {
            long from = window * stride - pad;
            return Math.min(from + kernel, size + pad) - from;
        }

        /** Padding behind the axis that makes ONNX find so many windows. */
        long behind(long windows) {
            return Math.max(0, (windows - 1) * stride + kernel - size - pad);
        }
    }

    static boolean roundsUp(PoolingParameter p) {
        return p.getRoundMode() == RoundMode.CEIL && p.getCeilMode();
    }

    static void read(LayerReading r) {
        PoolingParameter p = r.layer().getPoolingParam();
        long[] in = r.shape(0);
        if (in.length != 4 || r.layer().getTopCount() != 1) {
            throw r.refused("pools other than one blob of four axes into one");
        }
        if (p.getPool() == PoolMethod.STOCHASTIC) {
            throw r.refused("pools by chance; use MAX or AVE");
        }
        boolean largest = p.getPool() == PoolMethod.MAX;
        if (p.getGlobalPooling()) {
            r.top(largest ? "GlobalMaxPool" : "GlobalAveragePool", List.of(r.input(0)), Map.of(), in[0], in[1], 1, 1);
            return;
        }
        Axis[] axes = {
            new Axis(
                    in[2],
                    p.hasKernelH() ? p.getKernelH() : p.getKernelSize(),
                    p.hasStrideH() ? p.getStrideH() : p.getStride(),
                    p.hasPadH() ? p.getPadH() : p.getPad()),
            new Axis(
                    in[3],
                    p.hasKernelW() ? p.getKernelW() : p.getKernelSize(),
                    p.hasStrideW() ? p.getStrideW() : p.getStride(),
                    p.hasPadW() ? p.getPadW() : p.getPad())
        };
        boolean anyPadding = axes[0].pad > 0 || axes[1].pad > 0;
        long[] out = {in[0], in[1], 0, 0};
        boolean cut = false;
        for (int i = 0; i < 2; i++) {
            if (axes[i].kernel == 0) {
                throw r.refused("has no kernel_size");
            }
            out[2 + i] = axes[i].windows(roundsUp(p), anyPadding);
            if (out[2 + i] < 1 || (out[2 + i] - 1) * axes[i].stride - axes[i].pad >= axes[i].size) {
                throw r.refused("has windows outside its input");
            }
            cut |= axes[i].behind(out[2 + i]) > axes[i].pad;
        }
        if (largest) {
            r.top("MaxPool", List.of(r.input(0)), attributes(axes, out, axes[0].pad, axes[1].pad), out);
        } else if (cut && anyPadding) {
            averageOfPadded(r, axes, out);
        } else {
            Map<String, Attribute> attributes = attributes(axes, out, axes[0].pad, axes[1].pad);
            attributes.put("count_include_pad", Attributes.of(cut ? 0 : 1));
            r.top("AveragePool", List.of(r.input(0)), attributes, out);
        }
    }

    /** The padding that counts becomes zeros; what windows reach behind it does not count. */
    private static void averageOfPadded(LayerReading r, Axis[] axes, long[] out) {
        long[] in = r.shape(0);
        long[] pads = {0, 0, axes[0].pad, axes[1].pad, 0, 0, axes[0].pad, axes[1].pad};
        String padded = r.inner(
                "padded",
                "Pad",
                List.of(r.input(0), r.constant("pads", Tensor.ofLongs(new long[] {8}, pads))),
                Map.of(),
                in[0],
                in[1],
                in[2] + 2 * axes[0].pad,
                in[3] + 2 * axes[1].pad);
        Axis[] bare = new Axis[2];
        for (int i = 0; i < 2; i++) {
            bare[i] = new Axis(axes[i].size + 2 * axes[i].pad, axes[i].kernel, axes[i].stride, 0);
        }
        r.top("AveragePool", List.of(padded), attributes(bare, out, 0, 0), out);
    }

    private static Map<String, Attribute> attributes(Axis[] axes, long[] out, long top, long left) {
        Map<String, Attribute> all = new LinkedHashMap<>();
        all.put("kernel_shape", Attributes.of(new long[] {axes[0].kernel, axes[1].kernel}));
        all.put("strides", Attributes.of(new long[] {axes[0].stride, axes[1].stride}));
        all.put("pads", Attributes.of(new long[] {top, left, axes[0].behind(out[2]), axes[1].behind(out[3])}));
        return all;
    }
}
