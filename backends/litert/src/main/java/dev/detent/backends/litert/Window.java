package dev.detent.backends.litert;

import dev.detent.spi.graph.Node;
import java.util.Arrays;
import java.util.List;

/**
 * Where a kernel goes over a picture, height and width (height 1 for signals): sizes, strides, dilations, and the pads
 * that ONNX's sizes come to.
 *
 * @param after as many as the last window needs; below zero when a rest is left over
 * @param declaredAfter those that the node names
 */
record Window(
        int[] kernel, int[] stride, int[] dilation, int[] before, int[] after, int[] declaredAfter, boolean same) {

    /**
     * @param kernel of the node's own rank
     * @param in ONNX's shape of the data
     * @param out of the result
     */
    static Window of(Node n, long[] kernel, long[] in, long[] out) {
        int[] size = two(kernel, 1);
        int[] stride = two(longs(n.intsAttribute("strides", List.of())), 1);
        int[] dilation = two(longs(n.intsAttribute("dilations", List.of())), 1);
        long[] pads = longs(n.intsAttribute("pads", List.of()));
        String auto = n.stringAttribute("auto_pad", "NOTSET");
        int[] input = two(Arrays.copyOfRange(in, 2, in.length), 1);
        int[] output = two(Arrays.copyOfRange(out, 2, out.length), 1);
        int[] before = two(Arrays.copyOf(pads, pads.length / 2), 0);
        int[] declared = two(Arrays.copyOfRange(pads, pads.length / 2, pads.length), 0);
        int[] after = new int[2];
        boolean same = true;
        for (int d = 0; d < 2; d++) {
            int total = (output[d] - 1) * stride[d] + (size[d] - 1) * dilation[d] + 1 - input[d];
            if (auto.startsWith("SAME")) {
                int positive = Math.max(total, 0);
                before[d] = auto.equals("SAME_UPPER") ? positive / 2 : positive - positive / 2;
                declared[d] = positive - before[d];
            }
            after[d] = total - before[d];
            // TensorFlow's SAME: as many results as steps, the smaller half in front.
            same &= output[d] == (input[d] + stride[d] - 1) / stride[d] && before[d] == Math.max(total, 0) / 2;
        }
        return new Window(size, stride, dilation, before, after, declared, same);
    }

    /** Nothing hangs over. */
    boolean isValid() {
        return Arrays.stream(before).allMatch(p -> p == 0)
                && Arrays.stream(after).allMatch(p -> p <= 0);
    }

    /** The same where padded elements count, so that the data get them before. */
    Window never() {
        return new Window(kernel, stride, dilation, before, after, declaredAfter, false);
    }

    /** PAD's rows for N, H, W, C. */
    int[] pads() {
        return new int[] {0, 0, before[0], Math.max(after[0], 0), before[1], Math.max(after[1], 0), 0, 0};
    }

    static long[] longs(List<Long> values) {
        return values.stream().mapToLong(v -> v).toArray();
    }

    private static int[] two(long[] values, int missing) {
        int[] two = {missing, missing};
        for (int i = 0; i < values.length; i++) {
            two[2 - values.length + i] = Math.toIntExact(values[i]);
        }
        return two;
    }
}
