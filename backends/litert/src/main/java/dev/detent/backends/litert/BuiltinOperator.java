package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;

/**
 * Builtin operators with their code, the type of their options, and the version that float, int8 and int16 data need
 * (tensorflow/lite/schema/schema.fbs; tensorflow/lite/tools/versioning/op_version.cc).
 */
enum BuiltinOperator {
    ADD(0, 11, 1, 2, 3),
    AVERAGE_POOL_2D(1, 5, 1, 2, 3),
    CONCATENATION(2, 10, 1, 2, 3),
    CONV_2D(3, 1, 1, 3, 4),
    DEPTHWISE_CONV_2D(4, 2, 2, 3, 5),
    DEPTH_TO_SPACE(5, 94, 1, 2, 2),
    DEQUANTIZE(6, 38, 1, 2, 3),
    FULLY_CONNECTED(9, 8, 5, 5, 7),
    LOGISTIC(14, 0, 1, 2, 3),
    MAX_POOL_2D(17, 5, 1, 2, 3),
    MUL(18, 21, 1, 3, 4),
    RELU(19, 0, 1, 2, 3),
    RELU_N1_TO_1(20, 0, 1, 1, 1),
    RELU6(21, 0, 1, 2, 3),
    RESHAPE(22, 17, 1, 1, 1),
    RESIZE_BILINEAR(23, 15, 3, 3, 4),
    SOFTMAX(25, 9, 1, 2, 3),
    SPACE_TO_DEPTH(26, 19, 1, 2, 2),
    TANH(28, 0, 1, 2, 3),
    PAD(34, 22, 1, 2, 3),
    GATHER(36, 23, 1, 2, 4),
    TRANSPOSE(39, 26, 1, 2, 5),
    MEAN(40, 27, 1, 2, 3),
    SUB(41, 28, 1, 2, 5),
    DIV(42, 29, 1, 1, 1),
    STRIDED_SLICE(45, 32, 1, 2, 4),
    EXP(47, 33, 1, 2, 2),
    SPLIT(49, 35, 1, 2, 4),
    CAST(53, 37, 1, 1, 1),
    PRELU(54, 0, 1, 1, 1),
    MAXIMUM(55, 39, 1, 2, 4),
    MINIMUM(57, 39, 1, 2, 4),
    NEG(59, 42, 1, 1, 1),
    PADV2(60, 43, 1, 2, 3),
    SIN(66, 0, 1, 1, 1),
    TRANSPOSE_CONV(67, 49, 3, 3, 3),
    TILE(69, 51, 1, 3, 3),
    LOG(73, 0, 1, 1, 1),
    SUM(74, 27, 1, 1, 1),
    SQRT(75, 0, 1, 1, 1),
    RSQRT(76, 0, 1, 2, 3),
    POW(78, 56, 1, 1, 1),
    REDUCE_MAX(82, 27, 1, 2, 3),
    REDUCE_MIN(89, 27, 1, 2, 3),
    RESIZE_NEAREST_NEIGHBOR(97, 74, 3, 3, 4),
    LEAKY_RELU(98, 75, 1, 2, 2),
    SQUARED_DIFFERENCE(99, 76, 1, 2, 2),
    MIRROR_PAD(100, 77, 1, 2, 3),
    ABS(101, 78, 1, 2, 3),
    SPLIT_V(102, 79, 1, 2, 2),
    COS(108, 84, 1, 1, 1),
    ELU(111, 0, 1, 1, 1),
    QUANTIZE(114, 89, 1, 1, 2),
    HARD_SWISH(117, 91, 1, 1, 1),
    BATCH_MATMUL(126, 101, 1, 2, 3),
    GELU(150, 116, 1, 2, 2),
    RELU_0_TO_1(152, 0, 1, 1, 1);

    private final int code;
    private final int optionsType;
    private final int floatVersion;
    private final int int8Version;
    private final int int16Version;

    BuiltinOperator(int code, int optionsType, int floatVersion, int int8Version, int int16Version) {
        this.code = code;
        this.optionsType = optionsType;
        this.floatVersion = floatVersion;
        this.int8Version = int8Version;
        this.int16Version = int16Version;
    }

    /** BuiltinOperator. */
    int code() {
        return code;
    }

    /** BuiltinOptions; 0 for operators without any. */
    int optionsType() {
        return optionsType;
    }

    /** For data of this type. */
    int version(ElementType data) {
        return switch (data) {
            case INT8 -> int8Version;
            case INT16 -> int16Version;
            default -> floatVersion;
        };
    }
}
