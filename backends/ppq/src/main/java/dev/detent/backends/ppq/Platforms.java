package dev.detent.backends.ppq;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The eighteen rule sets (ppq/quantization/quantizer of 0.6.5.1). */
final class Platforms {

    private static final long BITS_29 = 1L << 29;
    private static final Scheme S8 = LinearInteger.symmetric(8, -128, 127);
    private static final Scheme S8_NARROW = LinearInteger.symmetric(8, -127, 127);
    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);
    private static final Scheme P2 = S8.withPowerOfTwo();
    private static final Scheme BIAS_32 = LinearInteger.int32().perChannel(0);
    private static final Scheme BIAS_30 = LinearInteger.symmetric(30, -BITS_29, BITS_29 - 1);
    private static final Scheme BIAS_30_CLOSED = LinearInteger.symmetric(30, -BITS_29, BITS_29);

    private static final Set<String> GPU =
            types("Conv Relu PRelu Clip Gemm Resize MaxPool AveragePool GlobalMaxPool GlobalAveragePool Mul "
                    + "Add LeakyRelu Split Concat Transpose Slice Reshape Flatten");
    private static final Set<String> NXP =
            types("Conv ConvTranspose Gemm Relu PRelu Clip Pad Resize MaxPool AveragePool GlobalMaxPool "
                    + "GlobalAveragePool Mul Add Max Sub Div LeakyRelu Concat Sigmoid Slice");
    private static final Set<String> DSP = plus(NXP, "Softmax Reshape Interp ReduceMean Flatten");
    private static final Set<String> ORT = plus(
            Platform.PASSIVE,
            "Conv GlobalAveragePool AveragePool Relu Add Mul Clip Sigmoid MatMul Gemm Concat LeakyRelu");
    private static final Set<String> ACADEMIC = types("Conv Gemm ConvTranspose");

    private Platforms() {}

    static List<Platform> all() {
        return List.of(
                Platform.of("TRT_INT8", plus(DSP, "Transpose HardSwish HardSigmoid"), S8)
                        .channelWeights(S8, "Conv", "ConvTranspose", "Gemm")
                        .bias(BIAS_32, InitialState.PASSIVE_INIT, "Conv", "ConvTranspose", "Gemm")
                        .build(),
                Platform.of("OPENVINO_INT8", ORT, S8)
                        .channelWeights(S8, "Conv", "Gemm")
                        .bias(BIAS_32, InitialState.PASSIVE_INIT, "Conv", "Gemm")
                        .nothingPassive()
                        .build(),
                Platform.of("PPL_CUDA_INT8", plus(GPU, "Sigmoid ReduceMean"), S8)
                        .fuses("Relu", "Clip", "Sigmoid", "LeakyRelu")
                        .channelWeights(S8, "Conv", "ConvTranspose", "Gemm")
                        .bias(BIAS_32, InitialState.PASSIVE_INIT, "Conv", "ConvTranspose", "Gemm")
                        .build(),
                Platform.of("NCNN_INT8", types("Conv Gemm"), S8_NARROW.with(Rounding.HALF_AWAY_FROM_ZERO))
                        .channelWeights(S8_NARROW.with(Rounding.HALF_AWAY_FROM_ZERO), "Conv", "Gemm")
                        .bias(S8_NARROW.with(Rounding.HALF_AWAY_FROM_ZERO), InitialState.FP32, "Conv", "Gemm")
                        .nothingPassive()
                        .floatOutputs()
                        .prepared(FormatGemm.ID)
                        .build(),
                dsp("PPL_DSP_INT8"),
                dsp("SNPE_INT8"),
                dsp("QNN_DSP_INT8"),
                Platform.of("PPL_DSP_TI_INT8", DSP, S8)
                        .fuses("Relu", "Clip")
                        .channelWeights(S8, "Conv", "ConvTranspose", "Gemm")
                        .bias(S8, InitialState.FP32, "Conv", "ConvTranspose", "Gemm")
                        .build(),
                Platform.of("NXP_INT8", NXP, P2.with(Rounding.HALF_UP))
                        .fuses("Relu", "Clip")
                        .channelWeights(P2.with(Rounding.HALF_AWAY_FROM_ZERO), "Conv", "ConvTranspose", "Gemm")
                        .bias(
                                LinearInteger.symmetric(30, -(1L << 30), 1L << 30)
                                        .withPowerOfTwo()
                                        .perChannel(0)
                                        .with(Rounding.HALF_UP),
                                InitialState.PASSIVE_INIT,
                                "Conv",
                                "ConvTranspose",
                                "Gemm")
                        .prepared(InputRounding.ID, ResizeMode.ID)
                        .build(),
                Platform.of("FPGA_INT8", NXP, P2)
                        .fuses("Relu", "Clip")
                        .bias(
                                BIAS_30_CLOSED.withPowerOfTwo(),
                                InitialState.PASSIVE_INIT,
                                "Conv",
                                "ConvTranspose",
                                "Gemm")
                        .build(),
                Platform.of("ORT_OOS_INT8", ORT, U8)
                        .fuses("Relu", "Clip")
                        .weights(U8, "minmax", "Conv", "Gemm")
                        .bias(LinearInteger.symmetric(32, -BITS_29, BITS_29), InitialState.PASSIVE_INIT, "Conv", "Gemm")
                        .build(),
                Platform.of("METAX_INT8_T", plus(GPU, "MatMul"), U8)
                        .fuses("Relu", "Clip")
                        .weights(U8, "minmax", "Conv")
                        .bias(BIAS_30_CLOSED, InitialState.FP32, "Conv")
                        .prepared(SplitGemm.ID)
                        .build(),
                Platform.of("METAX_INT8_C", plus(GPU, "MatMul"), S8_NARROW)
                        .fuses("Relu", "Clip")
                        .channelWeights(S8_NARROW, "Conv", "MatMul")
                        .bias(BIAS_30_CLOSED.perChannel(0), InitialState.PASSIVE_INIT, "Conv")
                        .prepared(SplitGemm.ID)
                        .build(),
                Platform.of("EXTENSION", NXP, S8)
                        .fuses("Relu", "Clip")
                        .weights(S8, "minmax", "Conv")
                        .bias(BIAS_30, InitialState.PASSIVE_INIT, "Conv")
                        .build(),
                Platform.of(
                                "TENGINE_INT8",
                                types(
                                        "Conv GlobalAveragePool AveragePool Relu Add Mul Clip Sigmoid MatMul Gemm Concat LeakyRelu "
                                                + "Softmax"),
                                U8)
                        .fuses("Relu", "Clip")
                        .weights(U8, "minmax", "Conv", "ConvTranspose", "Gemm")
                        .bias(BIAS_30, InitialState.PASSIVE_INIT, "Conv", "ConvTranspose", "Gemm")
                        .build(),
                academic("ACADEMIC_INT8", U8, S8),
                academic("ACADEMIC_INT4", LinearInteger.asymmetric(4, 0, 15), LinearInteger.symmetric(4, -8, 7)),
                academic("ACADEMIC_MIX", U8, S8));
    }

    private static Platform dsp(String name) {
        return Platform.of(name, DSP, U8)
                .labelled("PPL_DSP_INT8")
                .fuses("Relu", "Clip")
                .weights(U8, "minmax", "Conv", "ConvTranspose", "Gemm")
                .bias(BIAS_30, InitialState.PASSIVE_INIT, "Conv", "ConvTranspose", "Gemm")
                .build();
    }

    private static Platform academic(String name, Scheme activation, Scheme weight) {
        return Platform.of(name, ACADEMIC, activation)
                .weights(weight, "minmax", "Conv", "ConvTranspose", "Gemm")
                .bias(BIAS_30, InitialState.PASSIVE_INIT, "Conv", "ConvTranspose", "Gemm")
                .floatOutputs()
                .build();
    }

    private static Set<String> types(String words) {
        return Set.of(words.split(" "));
    }

    private static Set<String> plus(Set<String> base, String words) {
        Set<String> all = new LinkedHashSet<>(base);
        all.addAll(List.of(words.split(" ")));
        return Set.copyOf(all);
    }
}
