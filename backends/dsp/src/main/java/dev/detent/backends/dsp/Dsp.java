package dev.detent.backends.dsp;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.support.target.DeclaredTargetBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pf4j.Extension;

/**
 * DSP-style integer targets: Hexagon through SNPE and QNN, PPL's DSP, TI's. Asymmetric activations per tensor, bias
 * 32-bit with scale input x weight. Data-moving operators share their input's encoding, probabilities and Tanh have a
 * fixed one, and network outputs are quantized too: the runtime has no float outside.
 */
@Extension
public final class Dsp implements Backend, ObserverProvider, PassProvider {

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);
    private static final Scheme U16 = LinearInteger.asymmetric(16, 0, 65535);
    private static final Scheme S8 = LinearInteger.symmetric(8, -128, 127);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127);
    private static final Scheme BIAS = LinearInteger.int32();

    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Sigmoid Softmax HardSigmoid "
                    + "Relu PRelu Clip AveragePool GlobalAveragePool Mul Add Max Min Sub Div LeakyRelu Concat ReduceMean ReduceSum ReduceMax HardSwish "
                    + "Tanh Elu Sqrt Pow Exp InstanceNormalization LayerNormalization BatchNormalization Gelu Sum Abs Neg LogSoftmax");

    /**
     * Where 16 bits are an alternative, weights stay at 8: W8A16 is what HTP runs, and the converters of QNN and SNPE
     * take it in their encodings (reference 4.3, rule 3).
     */
    @Override
    public List<Target> targets() {
        return List.of(
                perTensor("dsp", "DSP-style INT8: uint8 asymmetric per tensor, encodings for every tensor", 1e-4)
                        .writes(new EncodingsExporter())
                        .build(),
                perTensor("qnn", "Qualcomm QNN: uint8 asymmetric per tensor, encodings for every tensor", 1e-4)
                        .alsoActivations(U16, TYPES)
                        .writes(new EncodingsExporter(), new Encodings2Exporter())
                        .build(),
                perTensor("snpe", "Qualcomm SNPE: uint8 asymmetric per tensor, ranges at least 0.01 wide", 1e-2)
                        .alsoActivations(U16, TYPES)
                        .writes(new OverridesExporter(), new EncodingsExporter())
                        .build(),
                perTensor("ppl-dsp", "OpenPPL's DSP: uint8 asymmetric per tensor", 0)
                        .writes(new PplDspExporter())
                        .build(),
                htp("qnn-htp", "Qualcomm HTP: uint8 activations, int8 per-channel weights of convolutions", U8)
                        .build(),
                htp("qnn-htp16", "Qualcomm HTP: uint16 activations, int8 per-channel weights of convolutions", U16)
                        .build(),
                DeclaredTarget.of("ti-dsp", "TI's DSP: int8 symmetric per tensor, per-channel weights, float bias")
                        .quantizes(TYPES)
                        .moves(OperatorTable.types(Trait.MOVES))
                        .activations(S8, "mse")
                        .channelWeights(S8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                        .recipe(host -> recipe(host, 0))
                        .writes(new PplDspExporter())
                        .build());
    }

    private static DeclaredTargetBuilder perTensor(String id, String summary, double width) {
        return common(id, summary, U8, width)
                .weights(U8, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(BIAS, "minmax");
    }

    /** Per channel needs symmetric weights; matrices stay per tensor (onnxruntime's QNN helper, reference 4.3). */
    private static DeclaredTargetBuilder htp(String id, String summary, Scheme activation) {
        return common(id, summary, activation, 1e-4)
                .alsoActivations(U8, TYPES)
                .alsoActivations(U16, TYPES)
                .channelWeights(WEIGHT, "minmax", Set.of("Conv", "ConvTranspose"))
                .weights(U8, "minmax", Set.of("Gemm", "MatMul"))
                .derivedBias(BIAS.perChannel(0), "minmax")
                .writes(new EncodingsExporter(), new Encodings2Exporter());
    }

    private static DeclaredTargetBuilder common(String id, String summary, Scheme activation, double width) {
        return DeclaredTarget.of(id, summary)
                .quantizes(TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(activation, "mse")
                .outputs(
                        new TensorRule(activation, FixedRange.UNIT, InitialState.INITIAL),
                        OperatorTable.types(Trait.PROBABILITY))
                .outputs(new TensorRule(activation, FixedRange.TANH, InitialState.INITIAL), Set.of("Tanh"))
                .recipe(host -> recipe(host, width));
    }

    /** Equalization first: per-tensor weights of depthwise networks collapse otherwise. */
    private static QuantizationRecipe recipe(DefaultRecipes host, double width) {
        QuantizationRecipe usual = host.integer()
                .with("equalization", Map.of("iterations", 3))
                .with("alignment", Map.of("elementwise", "None"));
        return width > 0 ? usual.with(MinimalRange.ID, Map.of("width", width)) : usual;
    }

    @Override
    public List<ObserverDefinition> observers() {
        return FixedRange.DEFINITIONS;
    }

    @Override
    public List<PassDefinition> passes() {
        return List.of(MinimalRange.DEFINITION);
    }
}
