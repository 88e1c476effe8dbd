package dev.detent.passes.parameters;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;

/**
 * Derives what is not calibrated: a bias, also one that is added behind a MatMul, gets input scale x weight scale with
 * zero point 0 (so that it adds to the integer accumulator, Jacob et al. 2018, section 2.4), a pad value the scale of
 * the data it pads. Runs again after tuning has moved scales. PPQ 0.6.5.1's PassiveParameterQuantizePass.
 */
final class DeriveBiasScales {

    private static final Option<Double> MULTIPLIER = Option.number(
                    "bias-scale-multiplier", 1, "factor on every bias scale")
            .atLeast(Float.MIN_NORMAL);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("passive-parameters", "derives bias and pad scales from input and weight")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .establishes(Fact.PASSIVES_DERIVED)
                    .asks(Transition.DERIVE)
                    .options(MULTIPLIER)
                    .build(),
            DeriveBiasScales::run);

    private DeriveBiasScales() {}

    private static void run(PassContext context) {
        BiasUse.in(context.graph())
                .forEach(b -> context.quantization()
                        .input(b.node(), b.input())
                        .ifPresent(c -> bias(context, b.product(), c)));
        for (Node n : context.graph().nodes()) {
            if (n.is("Pad")) {
                context.quantization().input(n, 2).ifPresent(v -> pad(context, n, v));
            }
        }
    }

    private static void bias(PassContext context, Node n, TensorQuantization bias) {
        if (!bias.state().isPassive()) {
            return;
        }
        QuantizationParameters input = lender(context, n, 0, bias);
        QuantizationParameters weight = lender(context, n, 1, bias);
        int channels = biasLength(context.graph(), bias, weight.channels());
        float[] scales = new float[weight.channels() == 1 ? 1 : channels];
        double multiplier = context.options().get(MULTIPLIER);
        for (int c = 0; c < scales.length; c++) {
            // Grouped transposed convolutions share a weight scale among groups, hence the modulus.
            scales[c] = Math.max(
                    weight.scale(c % weight.channels()) * input.scale(0) * (float) multiplier, Float.MIN_NORMAL);
        }
        context.states()
                .derive(
                        bias,
                        new QuantizationParameters(scales, new float[scales.length]),
                        "input scale x weight scale");
    }

    private static int biasLength(Graph graph, TensorQuantization bias, int otherwise) {
        return graph.initializer(bias.value())
                .map(Tensor::elementCount)
                .map(Long::intValue)
                .orElse(otherwise);
    }

    private static void pad(PassContext context, Node n, TensorQuantization value) {
        if (value.state().isPassive()) {
            context.states().derive(value, lender(context, n, 0, value), "the scale of the padded data");
        }
    }

    private static QuantizationParameters lender(PassContext context, Node n, int index, TensorQuantization passive) {
        return context.quantization()
                .input(n, index)
                .filter(c -> c.state().lendsScale())
                .flatMap(TensorQuantization::qparams)
                .orElseThrow(() -> new UserException(
                        ParameterProblems.LENDER_NOT_QUANTIZED,
                        "'" + passive.value() + "' of " + n + " takes its scale from input " + index
                                + ", which is not quantized; keep the bias in floating point or quantize that input (data that reach 1e30 have no scale)",
                        n.name()));
    }
}
