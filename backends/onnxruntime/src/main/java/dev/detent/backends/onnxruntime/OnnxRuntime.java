package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DeclaredTarget;
import dev.detent.spi.backend.Operators;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.QdqExporter;
import dev.detent.spi.export.QdqInsertion;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import java.util.List;
import java.util.Set;
import org.pf4j.Extension;

/**
 * ONNX Runtime's providers. On x64 activations are uint8 asymmetric (with zero point 0 behind a ReLU its integer kernels absorb the ReLU),
 * weights int8 per output channel, bias int32 with scale input x weight; Arm's kernels want signed activations; the QNN provider takes
 * 16-bit ones. Network outputs stay float.
 */
@Extension
public final class OnnxRuntime implements Backend {

    private static final Scheme U8 = Scheme.asymmetric(8, 0, 255);
    private static final Scheme S8 = Scheme.asymmetric(8, -128, 127);
    private static final Scheme U16 = Scheme.asymmetric(16, 0, 65535);
    private static final Scheme WEIGHT = Scheme.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme NARROW_WEIGHT = Scheme.symmetric(7, -64, 64).with(ScaleRule.MAGNITUDE);
    private static final Scheme BIAS = Scheme.symmetric(32, -2147483647L, 2147483647L).perChannel(0);

    /** Operators with integer kernels, or that move codes without touching them. */
    private static final Set<String> TYPES = Operators.plus(Operators.MOVEMENT,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu Sigmoid Add Mul Concat AveragePool GlobalAveragePool");

    private static final Set<String> QNN_TYPES = Operators.plus(TYPES, "Sub Div Softmax HardSwish Tanh Gelu PRelu ReduceMean LayerNormalization");

    @Override
    public List<Target> targets() {
        return List.of(
                integer("onnxruntime", "ONNX Runtime CPU: uint8 activations, int8 per-channel weights, int32 bias", U8, WEIGHT)
                        .writes(new QdqExporter("QuantizeLinear and DequantizeLinear nodes"), new QOperatorExporter()).build(),
                integer("onnxruntime-avx2", "ONNX Runtime on x64 without VNNI: 7-bit weights, so that no sum of two products saturates", U8,
                        NARROW_WEIGHT).writes(new QdqExporter("QuantizeLinear and DequantizeLinear nodes"), new QOperatorExporter()).build(),
                integer("onnxruntime-arm64", "ONNX Runtime on Arm: int8 activations and weights", S8, WEIGHT)
                        .writes(new QdqExporter("QuantizeLinear and DequantizeLinear nodes"), new QOperatorExporter()).build(),
                qnn("qnn-ep", "ONNX Runtime's QNN provider on HTP: uint8 activations, everything between the boundaries quantized", U8).build(),
                qnn("qnn-ep16", "ONNX Runtime's QNN provider on HTP: uint16 activations, int8 per-channel weights", U16).build());
    }

    private static DeclaredTarget.Builder integer(String id, String summary, Scheme activation, Scheme weight) {
        return DeclaredTarget.of(id, summary).quantizes(TYPES).moves(Operators.MOVEMENT).activations(activation, "mse")
                .channelWeights(weight, Operators.WEIGHTED).derivedBias(BIAS).floatNetworkOutputs().lint(Saturation::check);
    }

    /** Output encodings that the provider fixes for probabilities (onnxruntime/quantization/execution_providers/qnn/quant_config.py). */
    private static DeclaredTarget.Builder qnn(String id, String summary, Scheme activation) {
        return DeclaredTarget.of(id, summary).quantizes(QNN_TYPES).moves(Operators.MOVEMENT).activations(activation, "mse")
                .channelWeights(WEIGHT, Set.of("Conv", "ConvTranspose")).weights(Scheme.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE), Set.of("Gemm", "MatMul"))
                .derivedBias(BIAS)
                .writes(new QdqExporter("for the QNN provider; 16-bit pairs in the domain com.microsoft", QdqInsertion.Form.CONTRIB));
    }
}
