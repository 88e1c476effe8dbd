package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** A constant of the Q/DQ graph: floats, indices, or codes with what they stand for (axis in ONNX's order). */
record Constant(String name, Tensor values, Optional<Encoding> encoding) {

    /** The numbers that codes stand for; other constants as they are. */
    float[] floats() {
        if (encoding.isEmpty()) {
            return values.floats();
        }
        Encoding e = encoding.get();
        int[] codes = values.codes();
        float[] floats = new float[codes.length];
        int channels = e.parameters().channels();
        long stride = 1;
        for (int d = channels == 1 ? values.rank() : e.axis() + 1; d < values.rank(); d++) {
            stride *= values.dim(d);
        }
        for (int i = 0; i < floats.length; i++) {
            int c = (int) (i / stride % channels);
            floats[i] =
                    (codes[i] - e.parameters().zeroPoint(c)) * e.parameters().scale(c);
        }
        return floats;
    }

    /** As floats, whatever it is. */
    Constant inFloat() {
        return encoding.isEmpty()
                ? this
                : new Constant(name, Tensor.ofFloats(values.dims(), floats()), Optional.empty());
    }

    /** With one scale for the whole. */
    Constant as(Encoding wanted) {
        float[] floats = floats();
        int[] codes = new int[floats.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = wanted.code(floats[i]);
        }
        return new Constant(name, Tensor.ofCodes(wanted.type(), values.dims(), codes), Optional.of(wanted));
    }

    /** The same numbers with other dimensions. */
    Constant reshaped(long... dims) {
        return new Constant(name, Tensor.of(values.type(), dims, values.bytes()), encoding);
    }

    /** Its bytes with the axes in another order; scales go with their axis. */
    Constant transposed(AxisOrder order) {
        long[] dims = values.dims();
        if (order.liesAs(AxisOrder.natural(dims.length), dims)) {
            return new Constant(name, Tensor.of(values.type(), order.apply(dims), values.bytes()), moved(order));
        }
        int width = values.type().bits() / 8;
        long[] strides = new long[dims.length];
        long count = 1;
        for (int d = dims.length - 1; d >= 0; d--) {
            strides[d] = count;
            count *= dims[d];
        }
        long[] shape = order.apply(dims);
        long[] steps = order.apply(strides);
        ByteBuffer from = values.bytes();
        ByteBuffer to = ByteBuffer.allocate(Math.toIntExact(count * width)).order(ByteOrder.LITTLE_ENDIAN);
        int[] at = new int[shape.length];
        long place = 0;
        for (long i = 0; i < count; i++) {
            for (int b = 0; b < width; b++) {
                to.put(from.get((int) (place * width) + b));
            }
            for (int d = shape.length - 1; d >= 0; d--) {
                place += steps[d];
                if (++at[d] < shape[d]) {
                    break;
                }
                place -= steps[d] * shape[d];
                at[d] = 0;
            }
        }
        return new Constant(name, Tensor.of(values.type(), shape, to.rewind()), moved(order));
    }

    private Optional<Encoding> moved(AxisOrder order) {
        return encoding.map(e -> e.parameters().channels() == 1 ? e : e.along(order.position(e.axis())));
    }

    ElementType type() {
        return values.type();
    }
}
