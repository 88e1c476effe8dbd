package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import java.util.List;
import java.util.Optional;

/** Data of convolutions and pools, N, H, W, C; a signal N, C, L becomes a picture of height 1. */
final class Picture {

    /** The padding of LiteRT's kernels. */
    enum Padding {
        SAME,
        VALID
    }

    private static final AxisOrder CHANNELS_LAST = AxisOrder.channelsLast(4);

    private Picture() {}

    /** Of one or two dimensions apart from batch and channels. */
    static boolean is(long[] dims) {
        return dims.length == 3 || dims.length == 4;
    }

    /** The node's data as a picture; refuses those of other dimensions. */
    static StoredValue of(NodeConversion c) {
        long[] dims = c.shape(0);
        if (!is(dims)) {
            throw c.refused("works on " + (dims.length - 2) + " dimensions, of which LiteRT has 1 and 2");
        }
        return dims.length == 4
                ? c.in(0, CHANNELS_LAST)
                : c.net().reshaped(c.node().input(0), c.in(0, AxisOrder.channelsLast(3)), tall(dims), CHANNELS_LAST);
    }

    /** ONNX's shape of N, C, L as N, C, 1, L. */
    static long[] tall(long[] dims) {
        return dims.length == 3 ? new long[] {dims[0], dims[1], 1, dims[2]} : dims;
    }

    /** Where the padding is none that LiteRT knows, the data get it before. */
    static StoredValue padded(NodeConversion c, StoredValue data, Window w, Optional<Float> lowest) {
        if (w.same() || w.isValid()) {
            return data;
        }
        int[] pads = w.pads();
        long[] dims = data.dims().clone();
        dims[2] += pads[2] + pads[3];
        dims[3] += pads[4] + pads[5];
        StoredValue rows = new StoredValue(
                c.net().integers(new long[] {4, 2}, pads),
                new long[] {4, 2},
                AxisOrder.natural(2),
                ElementType.INT32,
                Optional.empty());
        return lowest.map(v -> c.make(
                        BuiltinOperator.PADV2,
                        BuiltinOptions.none(),
                        List.of(data, rows, c.number(v, data.encoding(), 0)),
                        dims,
                        CHANNELS_LAST,
                        data.encoding()))
                .orElseGet(() -> c.make(
                        BuiltinOperator.PAD,
                        BuiltinOptions.none(),
                        List.of(data, rows),
                        dims,
                        CHANNELS_LAST,
                        data.encoding()));
    }

    /** What the kernel does by itself. */
    static Padding padding(Window w) {
        return w.isValid() || !w.same() ? Padding.VALID : Padding.SAME;
    }

    /** The operator's result is the node's, as a signal where the data are one. */
    static void gives(
            NodeConversion c,
            BuiltinOperator op,
            BuiltinOptions options,
            List<StoredValue> in,
            Optional<Encoding> encoding) {
        long[] dims = c.outputShape();
        StoredValue made = c.make(op, options, in, tall(dims), CHANNELS_LAST, encoding);
        gives(c, made);
    }

    /** As above, of a result that is there. */
    static void gives(NodeConversion c, StoredValue made) {
        long[] dims = c.outputShape();
        c.gives(dims.length == 3 ? c.net().reshaped(c.name(), made, dims, AxisOrder.channelsLast(3)) : made);
    }
}
