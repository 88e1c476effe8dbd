package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A constant tensor: type, dimensions, raw little-endian bytes in C order (ONNX {@code raw_data}). Immutable; the bytes
 * may lie in a mapped file, so a large weight costs no heap until somebody asks for an array.
 */
@Stable(since = "1.0")
public final class Tensor {

    private final ElementType type;
    private final long[] dims;
    private final ByteBuffer data;
    private final UnmodeledProto origin;

    private Tensor(ElementType type, long[] dims, ByteBuffer data, UnmodeledProto origin) {
        this.type = type;
        this.dims = dims.clone();
        this.data = data.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        this.origin = origin;
    }

    /** Wraps {@code data} from position to limit without copying; its length must fit type and dimensions. */
    public static Tensor of(ElementType type, long[] dims, ByteBuffer data) {
        long expected = type.bytes(count(dims));
        if (data.remaining() != expected) {
            throw new IllegalArgumentException("tensor of " + type + Arrays.toString(dims) + " needs " + expected
                    + " bytes, not " + data.remaining());
        }
        return new Tensor(type, dims, data.slice(), UnmodeledProto.NONE);
    }

    /** A tensor Detent cannot look into (strings); it is written back as it came. */
    public static Tensor opaque(ElementType type, long[] dims, UnmodeledProto origin) {
        return new Tensor(type, dims, ByteBuffer.allocate(0), origin);
    }

    /**
     * FLOAT values in C order; the array is copied.
     *
     * @throws IllegalArgumentException when their number does not fit the dimensions
     */
    public static Tensor ofFloats(long[] dims, float... values) {
        ByteBuffer b = TensorStorage.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        b.asFloatBuffer().put(values);
        return of(ElementType.FLOAT, dims, b);
    }

    /** One FLOAT without dimensions. */
    public static Tensor scalar(float value) {
        return ofFloats(new long[0], value);
    }

    /**
     * INT64 values in C order; the array is copied.
     *
     * @throws IllegalArgumentException when their number does not fit the dimensions
     */
    public static Tensor ofLongs(long[] dims, long... values) {
        ByteBuffer b = TensorStorage.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        b.asLongBuffer().put(values);
        return of(ElementType.INT64, dims, b);
    }

    /**
     * Stores codes as a type of 4 (two in a byte, the first in the low half), 8, 16 or 32 bits: integers, or bit
     * patterns.
     */
    public static Tensor ofCodes(ElementType type, long[] dims, int... codes) {
        ByteBuffer b = TensorStorage.allocate((int) type.bytes(codes.length)).order(ByteOrder.LITTLE_ENDIAN);
        switch (type.bits()) {
            case 4 -> {
                for (int i = 0; i < codes.length; i += 2) {
                    b.put((byte) (codes[i] & 15 | (i + 1 < codes.length ? codes[i + 1] << 4 : 0)));
                }
            }
            case 8 -> {
                for (int c : codes) {
                    b.put((byte) c);
                }
            }
            case 16 -> {
                for (int c : codes) {
                    b.putShort((short) c);
                }
            }
            case 32 -> b.asIntBuffer().put(codes);
            default -> throw new IllegalArgumentException("not a type of at most 32 bits: " + type);
        }
        return of(type, dims, b.rewind());
    }

    /** The codes of a type of 4, 8, 16 or 32 bits: integers with their sign, or bit patterns. */
    public int[] codes() {
        int[] codes = new int[Math.toIntExact(elementCount())];
        ByteBuffer b = bytes();
        for (int i = 0; i < codes.length; i++) {
            codes[i] = switch (type) {
                case INT4 -> b.get(i / 2) << (i % 2 == 0 ? 28 : 24) >> 28;
                case UINT4, FLOAT4E2M1 -> b.get(i / 2) >> (i % 2 == 0 ? 0 : 4) & 15;
                case FLOAT8E4M3FN, FLOAT8E5M2, FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ, FLOAT8E8M0 -> b.get(i) & 0xff;
                default -> (int) integer(b);
            };
        }
        return codes;
    }

    /** The product of dimensions: elements of a tensor; 1 without dimensions. */
    public static long count(long[] dims) {
        long n = 1;
        for (long d : dims) {
            n *= d;
        }
        return n;
    }

    /** Element type. */
    public ElementType type() {
        return type;
    }

    /** The shape, outermost dimension first; the caller's own copy. */
    public long[] dims() {
        return dims.clone();
    }

    /** Number of dimensions; 0 for a scalar. */
    public int rank() {
        return dims.length;
    }

    /**
     * One dimension; negative axes count from the last.
     *
     * @throws IndexOutOfBoundsException when there is no such axis
     */
    public long dim(int axis) {
        return dims[axis < 0 ? axis + dims.length : axis];
    }

    /** Number of elements. */
    public long elementCount() {
        return count(dims);
    }

    /** What the file said, of a tensor Detent cannot look into; else nothing. */
    public UnmodeledProto origin() {
        return origin;
    }

    /** A fresh read-only little-endian view of the bytes. */
    public ByteBuffer bytes() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The values as float32; FLOAT, FLOAT16, BFLOAT16, DOUBLE and integers of up to 64 bits are converted. */
    public float[] floats() {
        if (type == ElementType.FLOAT) {
            FloatBuffer f = bytes().asFloatBuffer();
            float[] a = new float[f.remaining()];
            f.get(a);
            return a;
        }
        float[] a = new float[Math.toIntExact(elementCount())];
        ByteBuffer b = bytes();
        for (int i = 0; i < a.length; i++) {
            a[i] = switch (type) {
                case DOUBLE -> (float) b.getDouble();
                case FLOAT16 -> float16(b.getShort());
                case BFLOAT16 -> Float.intBitsToFloat(b.getShort() << 16);
                default -> integer(b);
            };
        }
        return a;
    }

    /** The values as 64-bit integers; integer and boolean types only. */
    public long[] longs() {
        long[] a = new long[Math.toIntExact(elementCount())];
        ByteBuffer b = bytes();
        for (int i = 0; i < a.length; i++) {
            a[i] = integer(b);
        }
        return a;
    }

    private long integer(ByteBuffer b) {
        return switch (type) {
            case INT8 -> b.get();
            case UINT8, BOOL -> b.get() & 0xff;
            case INT16 -> b.getShort();
            case UINT16 -> b.getShort() & 0xffff;
            case INT32 -> b.getInt();
            case UINT32 -> b.getInt() & 0xffffffffL;
            case INT64, UINT64 -> b.getLong();
            default -> throw new IllegalStateException("not an integer tensor: " + type);
        };
    }

    /** What the 16 bits of a FLOAT16 (IEEE 754 binary16) stand for. */
    public static float float16(short bits) {
        int h = bits & 0xffff;
        int sign = (h & 0x8000) << 16;
        int exponent = (h >> 10) & 0x1f;
        int mantissa = h & 0x3ff;
        if (exponent == 0) {
            return Math.copySign(mantissa * 0x1p-24f, Float.intBitsToFloat(sign | 0x3f800000));
        }
        return Float.intBitsToFloat(
                exponent == 31 ? sign | 0x7f800000 | mantissa << 13 : sign | (exponent + 112) << 23 | mantissa << 13);
    }

    @Override
    public String toString() {
        return type + Arrays.toString(dims);
    }
}
