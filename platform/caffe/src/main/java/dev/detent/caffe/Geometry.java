package dev.detent.caffe;

import dev.detent.spi.graph.Node;
import java.util.Collections;
import java.util.List;

/**
 * Kernel, strides, dilations and pads of a node over two spatial axes, with auto_pad resolved.
 *
 * @param before pads above and left
 * @param behind pads below and right
 */
record Geometry(long[] kernel, long[] stride, long[] dilation, long[] before, long[] behind) {

    /** @param kernel that of the weight, or of the attribute */
    static Geometry of(NodeWriting w, long[] kernel) {
        Node n = w.node();
        if (kernel.length != 2 || w.in(0).length != 4) {
            throw w.refused("has " + (w.in(0).length - 2) + " spatial axes; Caffe's layers have two");
        }
        long[] stride = longs(n, "strides", 1);
        long[] dilation = longs(n, "dilations", 1);
        List<Long> pads = n.intsAttribute("pads", Collections.nCopies(4, 0L));
        long[] before = {pads.get(0), pads.get(1)};
        long[] behind = {pads.get(2), pads.get(3)};
        String auto = n.stringAttribute("auto_pad", "NOTSET");
        if (auto.startsWith("SAME")) {
            for (int i = 0; i < 2; i++) {
                long in = w.in(0)[2 + i];
                long all = Math.max(
                        0, (-Math.floorDiv(-in, stride[i]) - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - in);
                before[i] = auto.equals("SAME_LOWER") ? (all + 1) / 2 : all / 2;
                behind[i] = all - before[i];
            }
        }
        return new Geometry(kernel, stride, dilation, before, behind);
    }

    private static long[] longs(Node n, String attribute, long otherwise) {
        return n.intsAttribute(attribute, List.of(otherwise, otherwise)).stream()
                .mapToLong(Long::longValue)
                .toArray();
    }

    boolean isSymmetric() {
        return before[0] == behind[0] && before[1] == behind[1];
    }

    /** Zeros that make the pads alike when they stand in the kernel, in steps of the dilation; negative: behind it. */
    long missing(int i) {
        return behind[i] - before[i];
    }

    long pad(int i) {
        return Math.max(before[i], behind[i]);
    }
}
