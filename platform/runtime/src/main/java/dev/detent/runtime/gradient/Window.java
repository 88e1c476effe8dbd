package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * How a kernel moves over the larger side of a convolution, pooling or transposed convolution. One number per spatial
 * axis.
 *
 * @param begin pads in front of the larger side
 */
record Window(long groups, long[] kernel, long[] strides, long[] dilations, long[] begin) {

    /**
     * @param large shape of the side the kernel moves over
     * @param small shape of the side with one element for each of its positions
     */
    static Window of(Node n, long[] kernel, long[] large, long[] small) {
        int axes = kernel.length;
        long[] ones = LongStream.generate(() -> 1).limit(axes).toArray();
        long[] strides = ints(n, "strides", ones);
        long[] dilations = ints(n, "dilations", ones);
        long[] pads = ints(n, "pads", new long[2 * axes]);
        long[] begin = LongStream.of(pads).limit(axes).toArray();
        String auto = n.stringAttribute("auto_pad", "NOTSET");
        boolean lower = auto.equals("SAME_LOWER");
        boolean shaped = n.is("ConvTranspose") && n.attribute("output_shape").isPresent();
        for (int i = 0; i < axes && (lower || auto.equals("SAME_UPPER") || shaped); i++) {
            long reach = dilations[i] * (kernel[i] - 1) + 1;
            long total = Math.max(0, (small[i + 2] - 1) * strides[i] + reach - large[i + 2]);
            begin[i] = lower || shaped && !auto.equals("SAME_UPPER") ? (total + 1) / 2 : total / 2;
        }
        return new Window(n.intAttribute("group", 1), kernel, strides, dilations, begin);
    }

    private static long[] ints(Node n, String attribute, long[] otherwise) {
        return n.attribute(attribute).isEmpty()
                ? otherwise
                : n.intsAttribute(attribute, List.of()).stream()
                        .mapToLong(Long::longValue)
                        .toArray();
    }

    int axes() {
        return kernel.length;
    }

    /** Elements from the first to the last under the kernel. */
    long reach(int axis) {
        return dilations[axis] * (kernel[axis] - 1) + 1;
    }

    boolean isPointwise() {
        return LongStream.of(kernel).allMatch(k -> k == 1)
                && LongStream.of(strides).allMatch(s -> s == 1)
                && LongStream.of(begin).allMatch(p -> p == 0);
    }

    /** Pads behind the larger side; negative where the kernel does not come to its end. */
    long[] end(long[] large, long[] small) {
        long[] end = new long[axes()];
        for (int i = 0; i < end.length; i++) {
            end[i] = (small[i + 2] - 1) * strides[i] + reach(i) - large[i + 2] - begin[i];
        }
        return end;
    }

    private Map<String, Attribute> attributes(long groups) {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("group", new Attribute.IntValue(groups));
        attributes.put("strides", GradientBuilder.ints(strides));
        attributes.put("dilations", GradientBuilder.ints(dilations));
        return attributes;
    }

    /** Spreads the smaller side over the larger: a transposed convolution. */
    String transposed(GradientBuilder b, String value, String weight, long[] large, long[] small, long groups) {
        long[] end = end(large, small);
        long[] pads = new long[2 * axes()];
        long[] more = new long[axes()];
        long[] behind = new long[axes()];
        for (int i = 0; i < axes(); i++) {
            pads[i] = begin[i];
            pads[i + axes()] = Math.max(0, end[i]);
            // ONNX Runtime takes less than a stride or a dilation; the rest are zeros.
            more[i] = Math.min(Math.max(0, -end[i]), Math.max(strides[i], dilations[i]) - 1);
            behind[i] = Math.max(0, -end[i]) - more[i];
        }
        Map<String, Attribute> attributes = attributes(groups);
        attributes.put("pads", GradientBuilder.ints(pads));
        attributes.put("output_padding", GradientBuilder.ints(more));
        String result = b.add("ConvTranspose", List.of(value, weight), attributes);
        if (LongStream.of(behind).anyMatch(p -> p > 0)) {
            long[] zeros = new long[2 * (axes() + 2)];
            System.arraycopy(behind, 0, zeros, axes() + 4, axes());
            result = b.op("Pad", result, b.longs(zeros));
        }
        return result;
    }

    /** Gathers the larger side into the smaller: a convolution. */
    String convolution(GradientBuilder b, String value, String weight, long[] large, long[] small) {
        long[] end = end(large, small);
        long[] pads = new long[2 * axes()];
        String cut = value;
        for (int i = 0; i < axes(); i++) {
            pads[i] = begin[i];
            pads[i + axes()] = Math.max(0, end[i]);
            if (end[i] < 0) {
                cut = b.slice(cut, i + 2L, 0, large[i + 2] + end[i], 1);
            }
        }
        Map<String, Attribute> attributes = attributes(groups);
        attributes.put("pads", GradientBuilder.ints(pads));
        return b.add("Conv", List.of(cut, weight), attributes);
    }
}
