package dev.detent.spi.graph;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Element types of ONNX tensors with their {@code TensorProto.DataType} codes and storage width in bits. */
public enum ElementType {
    UNDEFINED(0, 0),
    FLOAT(1, 32),
    UINT8(2, 8),
    INT8(3, 8),
    UINT16(4, 16),
    INT16(5, 16),
    INT32(6, 32),
    INT64(7, 64),
    STRING(8, 0),
    BOOL(9, 8),
    FLOAT16(10, 16),
    DOUBLE(11, 64),
    UINT32(12, 32),
    UINT64(13, 64),
    COMPLEX64(14, 64),
    COMPLEX128(15, 128),
    BFLOAT16(16, 16),
    FLOAT8E4M3FN(17, 8),
    FLOAT8E4M3FNUZ(18, 8),
    FLOAT8E5M2(19, 8),
    FLOAT8E5M2FNUZ(20, 8),
    UINT4(21, 4),
    INT4(22, 4),
    FLOAT4E2M1(23, 4),
    FLOAT8E8M0(24, 8),
    UINT2(25, 2),
    INT2(26, 2);

    private static final Map<Integer, ElementType> BY_CODE =
            Arrays.stream(values()).collect(Collectors.toMap(ElementType::code, Function.identity()));

    private final int code;
    private final int bits;

    ElementType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    public static Optional<ElementType> ofCode(int code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }

    public int code() {
        return code;
    }

    /** Bits one element takes in raw storage; 0 for strings. */
    public int bits() {
        return bits;
    }

    /** Bytes that {@code count} packed elements take. */
    public long bytes(long count) {
        return (count * bits + 7) / 8;
    }

    public boolean isInteger() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, INT32, INT64, UINT32, UINT64, UINT4, INT4, UINT2, INT2 -> true;
            default -> false;
        };
    }

    /** Smallest value of an integer type of at most 32 bits. */
    public long lowest() {
        return switch (this) {
            case INT4 -> -8;
            case INT8 -> -128;
            case INT16 -> -32768;
            case INT32 -> Integer.MIN_VALUE;
            case UINT4, UINT8, UINT16, UINT32, BOOL -> 0;
            default -> throw new IllegalStateException(this + " is no integer type of at most 32 bits");
        };
    }

    /** Largest value of an integer type of at most 32 bits. */
    public long highest() {
        return switch (this) {
            case INT4 -> 7;
            case UINT4 -> 15;
            case INT8 -> 127;
            case UINT8 -> 255;
            case INT16 -> 32767;
            case UINT16 -> 65535;
            case INT32 -> Integer.MAX_VALUE;
            case UINT32 -> 0xffffffffL;
            case BOOL -> 1;
            default -> throw new IllegalStateException(this + " is no integer type of at most 32 bits");
        };
    }
}
