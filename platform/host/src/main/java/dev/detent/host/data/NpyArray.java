package dev.detent.host.data;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A NumPy {@code .npy} array (format 1.0 to 3.0, C order, little-endian). Read from a mapped file or from bytes. */
record NpyArray(ElementType type, long[] shape, ByteBuffer data) {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");
    private static final Map<String, ElementType> TYPES = Map.ofEntries(
            Map.entry("f4", ElementType.FLOAT),
            Map.entry("f8", ElementType.DOUBLE),
            Map.entry("f2", ElementType.FLOAT16),
            Map.entry("u1", ElementType.UINT8),
            Map.entry("i1", ElementType.INT8),
            Map.entry("u2", ElementType.UINT16),
            Map.entry("i2", ElementType.INT16),
            Map.entry("i4", ElementType.INT32),
            Map.entry("u4", ElementType.UINT32),
            Map.entry("i8", ElementType.INT64),
            Map.entry("b1", ElementType.BOOL));

    static NpyArray map(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return parse(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()), file.toString());
        } catch (IOException e) {
            throw new UserException("DT-DAT-020", "cannot be read: " + e.getMessage(), file.toString(), e);
        }
    }

    static NpyArray parse(ByteBuffer bytes, String where) {
        ByteBuffer b = bytes.order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[6];
        if (b.remaining() < 12) {
            throw broken(where);
        }
        b.get(magic);
        int major = b.get();
        b.get();
        int length = major == 1 ? b.getShort() & 0xffff : b.getInt();
        if (!Arrays.equals(magic, MAGIC) || length < 0 || length > b.remaining()) {
            throw broken(where);
        }
        byte[] header = new byte[length];
        b.get(header);
        String text = new String(header, StandardCharsets.UTF_8);
        Matcher descr = DESCR.matcher(text);
        Matcher order = ORDER.matcher(text);
        Matcher shape = SHAPE.matcher(text);
        if (!descr.find() || !order.find() || !shape.find()) {
            throw broken(where);
        }
        String name = descr.group(1).replaceAll("^[<|=]", "");
        ElementType type = TYPES.get(name);
        if (type == null || order.group(1).equals("True")) {
            throw new UserException(
                    "DT-DAT-021",
                    "holds '" + descr.group(1) + "' in " + (order.group(1).equals("True") ? "Fortran" : "C")
                            + " order; save it little-endian and C-contiguous",
                    where);
        }
        long[] dims;
        try {
            dims = Arrays.stream(shape.group(1).split(","))
                    .map(String::trim)
                    .filter(s -> !s.isEmpty())
                    .mapToLong(Long::parseUnsignedLong)
                    .toArray();
        } catch (NumberFormatException e) {
            throw broken(where);
        }
        long n = Arrays.stream(dims).reduce(1, (x, y) -> x * y);
        if (type.bytes(n) != b.remaining()) {
            throw new UserException(
                    "DT-DAT-022",
                    "holds " + b.remaining() + " bytes where its shape " + Arrays.toString(dims) + " needs "
                            + type.bytes(n) + "; the file is damaged",
                    where);
        }
        return new NpyArray(type, dims, b.slice().order(ByteOrder.LITTLE_ENDIAN));
    }

    private static UserException broken(String where) {
        return new UserException("DT-DAT-023", "is no .npy file", where);
    }

    /** Row {@code index} of the first axis, with that axis kept as 1. */
    NpyArray row(int index) {
        long[] dims = shape.clone();
        dims[0] = 1;
        int bytes = (int) (data.limit() / shape[0]);
        return new NpyArray(type, dims, data.slice(index * bytes, bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

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
