package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A tensor as it stands in the file.
 *
 * @param shape in the file's order
 * @param encoding empty for floats and indices
 * @param data little-endian, of constants
 */
record FileTensor(String name, long[] shape, ElementType type, Optional<Encoding> encoding, Optional<ByteBuffer> data) {

    /** TensorType. */
    int typeCode() {
        return switch (type) {
            case FLOAT -> 0;
            case INT32 -> 2;
            case UINT8 -> 3;
            case INT64 -> 4;
            case BOOL -> 6;
            case INT16 -> 7;
            case INT8 -> 9;
            case DOUBLE -> 10;
            default ->
                throw new UserException(
                        LitertProblems.NO_OPERATOR,
                        "has the type " + type + ", which this format does not write",
                        name);
        };
    }

    static ElementType typeOf(int code) {
        return switch (code) {
            case 0 -> ElementType.FLOAT;
            case 2 -> ElementType.INT32;
            case 3 -> ElementType.UINT8;
            case 4 -> ElementType.INT64;
            case 6 -> ElementType.BOOL;
            case 7 -> ElementType.INT16;
            case 9 -> ElementType.INT8;
            case 10 -> ElementType.DOUBLE;
            default -> ElementType.UNDEFINED;
        };
    }
}
