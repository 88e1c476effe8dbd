package dev.detent.onnx;

import dev.detent.onnx.proto.SparseTensorProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of one ONNX file: raw, typed and sparse values, and those in files beside it, which are mapped and may
 * not lie outside the model's folder. One thread; mappings outlive {@link #close}.
 */
final class TensorReader implements AutoCloseable {

    /** Elements of a tensor, which take 16 bytes at most. */
    private static final long LARGEST = Long.MAX_VALUE / 16;

    private final Path file;
    private final Path folder;
    private final Map<Path, FileChannel> channels = new HashMap<>();

    TensorReader(Path file) {
        this.file = file;
        Path parent = file.toAbsolutePath().normalize().getParent();
        this.folder = parent == null ? file.toAbsolutePath().getRoot() : parent;
    }

    static boolean isExternal(TensorProto t) {
        return t.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    }

    Tensor tensor(TensorProto t) {
        ElementType type = ElementType.ofCode(t.getDataType())
                .orElseThrow(() -> new UserException(
                        OnnxProblems.UNKNOWN_TYPE,
                        "tensor '" + t.getName() + "' has the unknown data type " + t.getDataType(),
                        file.toString()));
        long[] dims = dims(t.getName(), t.getDimsList());
        if (isExternal(t)) {
            return Tensor.of(type, dims, external(t, type.bytes(Tensor.count(dims))));
        }
        if (type == ElementType.STRING || type == ElementType.UNDEFINED) {
            return Tensor.opaque(type, dims, new UnmodeledProto(t.toByteArray()));
        }
        long expected = type.bytes(Tensor.count(dims));
        ByteBuffer data = t.hasRawData() ? t.getRawData().asReadOnlyByteBuffer() : typed(t, type);
        if (data.remaining() != expected) {
            throw new UserException(
                    OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                    "tensor '" + t.getName() + "' holds " + data.remaining() + " bytes where its shape needs "
                            + expected + "; the file is damaged",
                    file.toString());
        }
        return Tensor.of(type, dims, data);
    }

    /** A shape whose size can be counted, in elements and in bytes of any type. */
    private long[] dims(String tensor, List<Long> given) {
        long count = 1;
        for (long d : given) {
            boolean fits = d >= 0 && (d == 0 || count <= LARGEST / d);
            if (!fits) {
                throw new UserException(
                        OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                        "tensor '" + tensor + "' has the shape " + given + "; the file is damaged",
                        file.toString());
            }
            count *= d;
        }
        return given.stream().mapToLong(Long::longValue).toArray();
    }

    /** Bytes of a tensor as one buffer holds them. */
    private int size(String tensor, long bytes) {
        if (bytes > Integer.MAX_VALUE) {
            throw new UserException(
                    OnnxProblems.TENSOR_TOO_LARGE,
                    "tensor '" + tensor + "' alone is larger than 2 GB",
                    file.toString());
        }
        return (int) bytes;
    }

    /** Rules and passes know dense weights only; places of the values are linear, or one row of indices for each. */
    Tensor dense(SparseTensorProto s) {
        Tensor values = tensor(s.getValues());
        long[] indices = tensor(s.getIndices()).longs();
        String name = s.getValues().getName();
        long[] dims = dims(name, s.getDimsList());
        int count = (int) values.elementCount();
        int perValue = s.getIndices().getDimsCount() == 2 ? dims.length : 1;
        int size = count == 0 ? 0 : values.bytes().remaining() / count;
        long bytes = values.type().bytes(Tensor.count(dims));
        if (bytes > Runtime.getRuntime().maxMemory() / 4 || indices.length != (long) count * perValue) {
            throw new UserException(
                    OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                    "sparse tensor '" + name + "' has " + indices.length + " indices for " + count
                            + " values, or would take " + bytes + " bytes; the file is damaged",
                    file.toString());
        }
        ByteBuffer all = ByteBuffer.allocate(size(name, bytes));
        for (int i = 0; i < count; i++) {
            long place = 0;
            for (int k = 0; k < perValue; k++) {
                place = place * (perValue == 1 ? 1 : dims[k]) + indices[i * perValue + k];
            }
            if (place < 0 || (place + 1) * size > all.capacity()) {
                throw new UserException(
                        OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                        "sparse tensor '" + name + "' has a value outside its shape " + s.getDimsList()
                                + "; the file is damaged",
                        file.toString());
            }
            all.put((int) place * size, values.bytes(), i * size, size);
        }
        return Tensor.of(values.type(), dims, all);
    }

    /** The typed fields of TensorProto, as many numbers as there are; narrow types travel in int32_data. */
    private ByteBuffer typed(TensorProto t, ElementType type) {
        long bytes = switch (type) {
            case FLOAT, COMPLEX64 -> 4L * t.getFloatDataCount();
            case DOUBLE, COMPLEX128 -> 8L * t.getDoubleDataCount();
            case INT64 -> 8L * t.getInt64DataCount();
            case UINT64 -> 8L * t.getUint64DataCount();
            case UINT32 -> 4L * t.getUint64DataCount();
            case INT32 -> 4L * t.getInt32DataCount();
            case INT16, UINT16, FLOAT16, BFLOAT16 -> 2L * t.getInt32DataCount();
            default -> t.getInt32DataCount();
        };
        ByteBuffer b = ByteBuffer.allocate(size(t.getName(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case FLOAT, COMPLEX64 -> t.getFloatDataList().forEach(b::putFloat);
            case DOUBLE, COMPLEX128 -> t.getDoubleDataList().forEach(b::putDouble);
            case INT64 -> t.getInt64DataList().forEach(b::putLong);
            case UINT64 -> t.getUint64DataList().forEach(b::putLong);
            case UINT32 -> t.getUint64DataList().forEach(v -> b.putInt(v.intValue()));
            case INT32 -> t.getInt32DataList().forEach(b::putInt);
            case INT16, UINT16, FLOAT16, BFLOAT16 -> t.getInt32DataList().forEach(v -> b.putShort(v.shortValue()));
            default -> t.getInt32DataList().forEach(v -> b.put(v.byteValue()));
        }
        return b.flip();
    }

    private ByteBuffer external(TensorProto t, long expected) {
        Map<String, String> entries = new HashMap<>();
        t.getExternalDataList().forEach(e -> entries.put(e.getKey(), e.getValue()));
        String location = entries.getOrDefault("location", "");
        try {
            Path path = folder.resolve(location).normalize();
            if (location.isEmpty()
                    || !path.startsWith(folder)
                    || !path.toRealPath().startsWith(folder.toRealPath())) {
                throw new UserException(
                        OnnxProblems.EXTERNAL_DATA_OUTSIDE,
                        "tensor '" + t.getName() + "' lies in '" + location + "', outside the model's folder; refused",
                        file.toString());
            }
            FileChannel channel = channels.get(path);
            if (channel == null) {
                // A pipe would be waited for without end.
                if (!Files.isRegularFile(path)) {
                    throw new UserException(
                            OnnxProblems.EXTERNAL_DATA_UNREADABLE,
                            "the external file '" + location + "' of tensor '" + t.getName() + "' is no regular file",
                            file.toString());
                }
                channel = FileChannel.open(path, StandardOpenOption.READ);
                channels.put(path, channel);
            }
            long offset = Long.parseLong(entries.getOrDefault("offset", "0"));
            long length = Long.parseLong(entries.getOrDefault("length", Long.toString(expected)));
            if (length != expected || offset < 0 || length < 0 || offset > channel.size() - length) {
                throw new UserException(
                        OnnxProblems.EXTERNAL_DATA_DIFFERS,
                        "tensor '" + t.getName() + "' does not fit its external file '" + location
                                + "'; the file is damaged or belongs to another model",
                        file.toString());
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, size(t.getName(), length));
        } catch (IOException e) {
            throw new UserException(
                    OnnxProblems.EXTERNAL_DATA_UNREADABLE,
                    "the external file '" + location + "' of tensor '" + t.getName()
                            + "' cannot be read; put it beside the model",
                    file.toString(),
                    e);
        } catch (NumberFormatException | InvalidPathException e) {
            throw new UserException(
                    OnnxProblems.EXTERNAL_DATA_DIFFERS,
                    "tensor '" + t.getName() + "' has a malformed external-data entry",
                    file.toString(),
                    e);
        }
    }

    @Override
    public void close() {
        for (FileChannel c : channels.values()) {
            try {
                c.close();
            } catch (IOException e) {
                // Mappings outlive their channel; nothing is lost.
            }
        }
    }
}
