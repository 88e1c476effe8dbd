package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * An array of numbers, little-endian; of a {@code .npy} file, mapped, or of bytes in memory.
 *
 * @param columnMajor the first axis varies fastest; {@link #rowMajor} and {@link #row} give what others can read
 */
record NpyArray(ElementType type, long[] shape, boolean columnMajor, ByteBuffer data) {

    static NpyArray map(Path file) {
        String where = file.toString();
        long size = DataFile.size(file);
        if (size > Integer.MAX_VALUE) {
            throw new UserException(
                    DataProblems.NPY_TOO_LARGE,
                    "has " + size + " bytes, and at most 2 GiB are read of one file; split it",
                    where);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return parse(DataFile.part(channel, 0, size), where);
        } catch (IOException e) {
            throw DataFile.unreadable(where, e);
        }
    }

    /** Of a whole file's bytes. */
    static NpyArray parse(ByteBuffer file, String where) {
        NpyHeader header = NpyHeader.parse(file, where);
        header.requireData(file.remaining() - header.offset(), where);
        return of(header, file.slice(header.offset(), file.remaining() - header.offset()));
    }

    /** @param data from 0 to its limit */
    static NpyArray of(NpyHeader header, ByteBuffer data) {
        return new NpyArray(header.type(), header.shape(), header.columnMajor(), data.order(ByteOrder.LITTLE_ENDIAN));
    }

    /** Row {@code index} of the first axis, with that axis kept as 1, in row-major order. */
    NpyArray row(int index, String where) {
        long[] dims = shape.clone();
        dims[0] = 1;
        if (columnMajor) {
            return gather(dims, index, where);
        }
        int bytes = (int) (data.limit() / shape[0]);
        return new NpyArray(type, dims, false, data.slice(index * bytes, bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** The same numbers with the last axis varying fastest. */
    NpyArray rowMajor(String where) {
        return columnMajor ? gather(shape, 0, where) : this;
    }

    /** Copies the box of size {@code dims} that begins at row {@code first} of this column-major array. */
    private NpyArray gather(long[] dims, int first, String where) {
        int width = type.bits() / 8;
        long elements = 1;
        for (long d : dims) {
            elements *= d;
        }
        ByteBuffer to = LittleEndian.allocate(elements * width, where);
        long[] at = new long[dims.length];
        for (int i = 0; i < elements; i++) {
            long from = 0;
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                from = from * shape[axis] + at[axis] + (axis == 0 ? first : 0);
            }
            to.put(i * width, data, (int) (from * width), width);
            for (int axis = dims.length - 1; axis >= 0 && ++at[axis] == dims[axis]; axis--) {
                at[axis] = 0;
            }
        }
        return new NpyArray(type, dims, false, to);
    }

    /** Element {@code i} in the order the data lie in. */
    double value(int i) {
        return switch (type) {
            case FLOAT -> data.getFloat(4 * i);
            case DOUBLE -> data.getDouble(8 * i);
            case FLOAT16 -> Tensor.float16(data.getShort(2 * i));
            case UINT8, BOOL -> data.get(i) & 0xff;
            case INT8 -> data.get(i);
            case UINT16 -> data.getShort(2 * i) & 0xffff;
            case INT16 -> data.getShort(2 * i);
            case INT32 -> data.getInt(4 * i);
            case UINT32 -> data.getInt(4 * i) & 0xffffffffL;
            case INT64 -> data.getLong(8 * i);
            default -> throw new IllegalStateException("no conversion from " + type);
        };
    }

    int elements() {
        return (int) (data.limit() * 8L / type.bits());
    }
}
