package dev.detent.passes.parameters;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.Optional;

/**
 * A bias counts in units of input scale x weight scale. Where the weights of a channel are next to nothing, as batch
 * norms of dead channels leave them (torchvision's MobileNets have 1e-9 and less), so is the unit, and the bias does
 * not fit the 32 bits of the sum. A larger weight scale loses nothing there: all that it rounds away is below a
 * billionth of the bias. Not part of PPQ 0.6.5.1, whose biases saturate.
 */
final class PreventBiasOverflow {

    /** Half of 32 bits; the products are added to it. */
    private static final double LARGEST = 1 << 30;

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("bias-room", "raises the scale of weights so small that their bias would not fit 32 bits")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.PASSIVES_DERIVED, Fact.BAKED)
                    .after("alignment", "a bias counts in units of the input scale, which alignment may change")
                    .asks(Transition.RECALIBRATE, Transition.CALIBRATE)
                    .build(),
            PreventBiasOverflow::run);

    private PreventBiasOverflow() {}

    private static void run(PassContext context) {
        for (BiasUse b : BiasUse.in(context.graph())) {
            Optional<Tensor> bias = context.graph().initializer(b.value()).filter(t -> t.type() == ElementType.FLOAT);
            Optional<QuantizationParameters> input = context.quantization()
                    .input(b.product(), 0)
                    .filter(c -> c.state().lendsScale())
                    .flatMap(TensorQuantization::qparams);
            Optional<? extends TensorQuantization> weight = context.quantization()
                    .input(b.product(), 1)
                    .filter(c -> c.isInitializer()
                            && c.isOwnRoot()
                            && c.state().isCalibrated()
                            && !c.isFixed()
                            && c.scheme().system().isAffineInteger());
            if (bias.isPresent() && input.isPresent() && weight.isPresent()) {
                raise(context, weight.get(), bias.get().floats(), input.get().scale(0));
            }
        }
    }

    private static void raise(PassContext context, TensorQuantization weight, float[] bias, float inputScale) {
        QuantizationParameters p = weight.qparams().orElseThrow();
        float[] scales = p.scales();
        float[] zeroPoints = p.zeroPoints();
        boolean changed = false;
        for (int i = 0; i < bias.length; i++) {
            // Grouped transposed convolutions share a weight scale among groups, hence the modulus.
            int c = i % scales.length;
            double least = Math.abs(bias[i]) / (inputScale * LARGEST);
            double reach = least * weight.scheme().quantMax();
            if (scales[c] < least && reach < Float.MAX_VALUE) {
                QuantizationParameters wider = weight.scheme().cover(-reach, reach);
                scales[c] = wider.scale(0);
                zeroPoints[c] = wider.zeroPoint(0);
                changed = true;
            }
        }
        if (changed) {
            context.states().recalibrate(weight, "in its unit the bias does not fit 32 bits");
            context.states()
                    .calibrate(
                            weight, new QuantizationParameters(scales, zeroPoints), "raised where the bias needs it");
        }
    }
}
