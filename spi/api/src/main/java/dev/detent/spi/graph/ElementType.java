package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Element types of ONNX tensors with their {@code TensorProto.DataType} codes and storage width in bits. */
@Stable(since = "1.0")
public enum ElementType {
    /** Not a tensor, or not declared. */
    UNDEFINED(0, 0),
    /** IEEE 754 binary32. */
    FLOAT(1, 32),
    /** 0 to 255. */
    UINT8(2, 8),
    /** -128 to 127. */
    INT8(3, 8),
    /** 0 to 65535. */
    UINT16(4, 16),
    /** -32768 to 32767. */
    INT16(5, 16),
    /** 32 bits, signed. */
    INT32(6, 32),
    /** 64 bits, signed: ONNX's shapes and indices. */
    INT64(7, 64),
    /** Text; Detent does not look into it. */
    STRING(8, 0),
    /** A byte, 0 or 1. */
    BOOL(9, 8),
    /** IEEE 754 binary16. */
    FLOAT16(10, 16),
    /** IEEE 754 binary64. */
    DOUBLE(11, 64),
    /** 32 bits, unsigned. */
    UINT32(12, 32),
    /** 64 bits, unsigned. */
    UINT64(13, 64),
    /** Two binary32. */
    COMPLEX64(14, 64),
    /** Two binary64. */
    COMPLEX128(15, 128),
    /** The upper half of a binary32. */
    BFLOAT16(16, 16),
    /** 4 exponent and 3 mantissa bits, no infinity (OCP E4M3). */
    FLOAT8E4M3FN(17, 8),
    /** 4 exponent and 3 mantissa bits, no infinity, no negative zero. */
    FLOAT8E4M3FNUZ(18, 8),
    /** 5 exponent and 2 mantissa bits (OCP E5M2). */
    FLOAT8E5M2(19, 8),
    /** 5 exponent and 2 mantissa bits, no infinity, no negative zero. */
    FLOAT8E5M2FNUZ(20, 8),
    /** 0 to 15, two in a byte. */
    UINT4(21, 4),
    /** -8 to 7, two in a byte. */
    INT4(22, 4),
    /** 2 exponent bits and 1 mantissa bit, two in a byte. */
    FLOAT4E2M1(23, 4),
    /** 8 exponent bits: a power of two. */
    FLOAT8E8M0(24, 8),
    /** 0 to 3, four in a byte. */
    UINT2(25, 2),
    /** -2 to 1, four in a byte. */
    INT2(26, 2);

    private static final Map<Integer, ElementType> BY_CODE =
            Arrays.stream(values()).collect(Collectors.toMap(ElementType::code, Function.identity()));

    private final int code;
    private final int bits;

    ElementType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** The type of a {@code TensorProto.DataType} code; empty for one that ONNX did not have when this was written. */
    public static Optional<ElementType> ofCode(int code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }

    /** The {@code TensorProto.DataType} code. */
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

    /** An integer type of any width; BOOL is none. */
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
