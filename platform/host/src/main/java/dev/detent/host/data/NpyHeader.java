package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands in front of the numbers of a NumPy {@code .npy} file (format 1.0 to 3.0).
 *
 * @param columnMajor Fortran's order: the first axis varies fastest
 * @param bytes that the numbers take
 * @param offset of the first number in the file
 */
record NpyHeader(ElementType type, long[] shape, boolean columnMajor, long bytes, int offset) {

    /** Magic, version and the longest form of the header's length. */
    static final int PREFIX = 12;

    /** NumPy itself refuses headers above 10,000 characters unless told otherwise. */
    private static final int LONGEST = 1 << 16;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern TEXT = Pattern.compile("[<>|=]?[US]\\d+");

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

    /** Length of the whole header, of the file's first {@link #PREFIX} bytes. */
    static int length(ByteBuffer prefix, String where) {
        ByteBuffer b = prefix.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte[] magic = new byte[MAGIC.length];
            b.get(magic);
            int major = b.get();
            b.get();
            int text = major == 1 ? b.getShort() & 0xffff : b.getInt();
            if (!Arrays.equals(magic, MAGIC) || text < 0 || text > LONGEST) {
                throw broken(where);
            }
            return b.position() - prefix.position() + text;
        } catch (BufferUnderflowException e) {
            throw broken(where);
        }
    }

    /** Parses the first bytes of a file, from the magic on; what follows the header is not looked at. */
    static NpyHeader parse(ByteBuffer bytes, String where) {
        int offset = length(bytes, where);
        if (offset > bytes.remaining()) {
            throw broken(where);
        }
        byte[] header = new byte[offset];
        bytes.duplicate().get(header);
        String text = new String(header, 8, offset - 8, StandardCharsets.UTF_8);
        Matcher descr = DESCR.matcher(text);
        Matcher order = ORDER.matcher(text);
        Matcher shape = SHAPE.matcher(text);
        if (!descr.find() || !order.find() || !shape.find()) {
            throw broken(where);
        }
        ElementType type = TYPES.get(descr.group(1).replaceAll("^[<|=]", ""));
        if (type == null) {
            throw new UserException(
                    DataProblems.NPY_TYPE,
                    TEXT.matcher(descr.group(1)).matches()
                            ? "holds text ('" + descr.group(1)
                                    + "'), which is fed to no model; take the operators that read text out of the model"
                            : "holds '" + descr.group(1)
                                    + "'; save it little-endian, as floats of 16 to 64 bits, integers or booleans",
                    where);
        }
        long[] dims = dims(shape.group(1), where);
        return new NpyHeader(type, dims, order.group(1).equals("True"), bytes(type, dims, where), offset);
    }

    private static long[] dims(String text, String where) {
        try {
            long[] dims = Arrays.stream(text.split(","))
                    .map(String::trim)
                    .filter(s -> !s.isEmpty())
                    .mapToLong(Long::parseLong)
                    .toArray();
            if (Arrays.stream(dims).anyMatch(d -> d < 0)) {
                throw broken(where);
            }
            return dims;
        } catch (NumberFormatException e) {
            throw broken(where);
        }
    }

    private static long bytes(ElementType type, long[] dims, String where) {
        try {
            long elements = Arrays.stream(dims).reduce(1, Math::multiplyExact);
            return Math.multiplyExact(elements, type.bits() / 8L);
        } catch (ArithmeticException e) {
            throw new UserException(
                    DataProblems.NPY_SHAPE,
                    "has shape " + Arrays.toString(dims) + ", which no file can hold; the file is damaged",
                    where,
                    e);
        }
    }

    /** Refuses a file that has fewer or more bytes after the header than its shape needs. */
    void requireData(long found, String where) {
        if (found != bytes) {
            throw new UserException(
                    DataProblems.NPY_LENGTH,
                    "holds " + found + " bytes where its shape " + Arrays.toString(shape) + " needs " + bytes
                            + "; the file is damaged",
                    where);
        }
    }

    private static UserException broken(String where) {
        return new UserException(DataProblems.NO_NPY, "is no .npy file", where);
    }
}
