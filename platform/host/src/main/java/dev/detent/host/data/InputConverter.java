package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Makes arrays what one model input takes: its shape, its element type.
 *
 * @param rows that the model takes at once; samples of one row are joined to them later
 */
record InputConverter(ValueInfo info, Preprocessing preprocessing, int rows) {

    String name() {
        return info.name();
    }

    /** The declared shape for sentences: {@code [1, 3, ?, ?]}. */
    String takes() {
        return info.shape().orElse(List.of()).stream()
                .map(d -> d.isKnown() ? Long.toString(d.size()) : d.symbol().isEmpty() ? "?" : d.symbol())
                .toList()
                .toString();
    }

    /** Checks the shape and converts to the input's type; uint8 images go through the preprocessing. */
    Sample.Input convert(NpyArray any, String where) {
        long[] shape = requireShape(any.shape(), where);
        NpyArray array = any.rowMajor(where);
        if (info.type() == ElementType.FLOAT) {
            boolean image = array.type() == ElementType.UINT8 && shape.length == 4 && !preprocessing.isIdentity();
            return new Sample.Input(
                    ElementType.FLOAT, shape, image ? pixels(array, shape, where) : floats(array, where));
        }
        boolean sameType = array.type() == info.type();
        if (!sameType && !(array.type().isInteger() && info.type().isInteger())) {
            throw new UserException(
                    DataProblems.TYPE,
                    "holds " + array.type() + ", the model's input '" + name() + "' takes " + info.type(),
                    where);
        }
        return new Sample.Input(info.type(), shape, sameType ? copy(array, where) : integers(array, where));
    }

    /** The shape of a sample with the model's rank; refuses one that the model does not take. */
    long[] requireShape(long[] found, String where) {
        if (info.shape().isEmpty()) {
            return found;
        }
        List<Dimension> declared = info.shape().get();
        long[] shape = found;
        if (shape.length == declared.size() - 1) {
            shape = new long[declared.size()];
            shape[0] = 1;
            System.arraycopy(found, 0, shape, 1, found.length);
        } else if (shape.length == declared.size() + 1 && shape[0] == 1) {
            // The input's first axis is no batch (a recurrent state, a single number): a row of the file is all of it.
            shape = Arrays.copyOfRange(found, 1, found.length);
        }
        boolean fits = shape.length == declared.size();
        for (int d = 0; fits && d < shape.length; d++) {
            fits = !declared.get(d).isKnown()
                    || declared.get(d).size() == shape[d]
                    || d == 0 && shape[0] == 1 && rows > 1;
        }
        if (!fits) {
            throw new UserException(
                    DataProblems.SHAPE,
                    "has shape " + Arrays.toString(shape) + ", the model's input '" + name() + "' takes " + takes(),
                    where);
        }
        return shape;
    }

    private ByteBuffer pixels(NpyArray array, long[] shape, String where) {
        int n = array.elements();
        ByteBuffer data = LittleEndian.allocate(4L * n, where);
        boolean channelsLast = preprocessing.layout() == ImageLayout.NHWC;
        int channels = (int) shape[preprocessing.layout().channelAxis()];
        int plane = channelsLast ? 1 : (int) (shape[2] * shape[3]);
        for (int i = 0; i < n; i++) {
            int c = i / plane % channels;
            data.putFloat(((array.data().get(i) & 0xff) * preprocessing.scale() - preprocessing.mean(c))
                    / preprocessing.std(c));
        }
        return data.flip();
    }

    private static ByteBuffer floats(NpyArray array, String where) {
        int n = array.elements();
        ByteBuffer data = LittleEndian.allocate(4L * n, where);
        boolean mask = isMask(array);
        for (int i = 0; i < n; i++) {
            float v = (float) array.value(i);
            if (!Float.isFinite(v) && !mask) {
                throw new UserException(
                        DataProblems.NOT_FINITE,
                        "holds " + v + " at element " + i + "; calibration data must be finite",
                        where);
            }
            data.putFloat(v);
        }
        return data.flip();
    }

    /** What is added to scores before a Softmax: nothing, or what switches one off. */
    private static boolean isMask(NpyArray array) {
        return IntStream.range(0, array.elements())
                .mapToDouble(array::value)
                .allMatch(v -> v == 0 || v == Double.NEGATIVE_INFINITY);
    }

    private static ByteBuffer copy(NpyArray array, String where) {
        ByteBuffer data = LittleEndian.allocate(array.data().limit(), where);
        return data.put(array.data().duplicate()).flip();
    }

    private ByteBuffer integers(NpyArray array, String where) {
        int n = array.elements();
        ByteBuffer data = LittleEndian.allocate(info.type().bytes(n), where);
        for (int i = 0; i < n; i++) {
            long v = (long) array.value(i);
            if (!holds(info.type(), v)) {
                throw new UserException(
                        DataProblems.INTEGER_RANGE,
                        "holds " + v + " at element " + i + ", the model's input '" + name() + "' takes " + info.type(),
                        where);
            }
            switch (info.type().bits()) {
                case 64 -> data.putLong(v);
                case 32 -> data.putInt((int) v);
                case 16 -> data.putShort((short) v);
                default -> data.put((byte) v);
            }
        }
        return data.flip();
    }

    private static boolean holds(ElementType type, long v) {
        return switch (type) {
            case UINT8, INT8, UINT16, INT16, INT32, UINT32 -> v >= type.lowest() && v <= type.highest();
            case UINT64 -> v >= 0;
            default -> true;
        };
    }
}
