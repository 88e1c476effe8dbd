package dev.detent.backends.esp;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.support.target.DeclaredTargetBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pf4j.Extension;

/**
 * ESP-DL's three families (esp-ppq, EspdlQuantizer.py): int8 or int16 symmetric, scales that are powers of two. The
 * ESP32-P4 has weights per channel and rounds to even; the S3 and the plain kernels round up and have one scale.
 */
@Extension
public final class Esp implements Backend {

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu PRelu Clip LeakyRelu Sigmoid Tanh Elu Gelu HardSigmoid HardSwish "
                    + "AveragePool GlobalAveragePool Mul Add Sub Div Concat ReduceMean Resize");

    /** esp-ppq's espdl_setting: ESP-DL copies what a Concat or Resize takes, and adds in the output's exponent. */
    private static final Map<String, Object> ALIGNED =
            Map.of("elementwise", "Align to Output", "concat", "Align to Output", "resize", "Align to Output");

    private static final Set<String> PER_CHANNEL = Set.of("Conv", "ConvTranspose", "Gemm");

    @Override
    public List<Target> targets() {
        return List.of(
                common(
                                "esp32p4",
                                "ESP32-P4 (ESP-DL): int8, power-of-two scales, weights per channel",
                                Rounding.HALF_EVEN)
                        .channelWeights(codes(8, Rounding.HALF_EVEN), "minmax", PER_CHANNEL)
                        .weights(codes(8, Rounding.HALF_EVEN), "minmax", Set.of("MatMul"))
                        .derivedBias(bias(32).perChannel(0), "minmax")
                        .build(),
                perTensor("esp32s3", "ESP32-S3 (ESP-DL): int8, power-of-two scales, bias of 20 bits", 20),
                perTensor("esp32", "ESP32, S2, C2 to C6 (ESP-DL): int8, power-of-two scales", 32));
    }

    private static Target perTensor(String id, String summary, int biasBits) {
        return common(id, summary, Rounding.HALF_UP)
                .weights(codes(8, Rounding.HALF_UP), "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(bias(biasBits), "minmax")
                .build();
    }

    private static DeclaredTargetBuilder common(String id, String summary, Rounding rounding) {
        return DeclaredTarget.of(id, summary)
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(codes(8, rounding), "mse")
                .alsoActivations(codes(16, rounding), TYPES)
                .recipe(host -> host.integer().with("alignment", ALIGNED))
                .writes(new ExponentExporter(), new QdqExporter("power-of-two scales", QdqGraphBuilder.Form.OTHER_TIES))
                .lint(ExponentLint::check);
    }

    private static Scheme codes(int bits, Rounding rounding) {
        return LinearInteger.symmetric(bits, -(1L << bits - 1), (1L << bits - 1) - 1)
                .withPowerOfTwo()
                .with(rounding);
    }

    private static Scheme bias(int bits) {
        return LinearInteger.symmetric(bits, 1 - (1L << bits - 1), (1L << bits - 1) - 1)
                .withPowerOfTwo();
    }
}
