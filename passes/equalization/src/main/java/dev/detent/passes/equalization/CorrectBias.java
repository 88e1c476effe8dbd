package dev.detent.passes.equalization;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.support.bias.BiasCorrection;
import dev.detent.support.bias.ChannelMean;
import java.util.List;

/**
 * Takes the mean error that weight quantization causes out of the bias: {@link BiasCorrection}. One look at the data,
 * however many layers, and where the network is cut already.
 */
final class CorrectBias implements Pass {

    private static final Option<Integer> SAMPLES = Option.integer(
                    "samples", BiasCorrection.SAMPLES, "at most so many samples; a channel's mean settles early")
            .atLeast(1);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("bias-correction", "takes the mean error of quantized weights out of the biases")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .after(
                            "adaptive-rounding",
                            "rounded weights leave no mean error, and nearest rounding's would be wrong")
                    .after("alignment", "the error is that of the final scales")
                    .after("bias-room", "the error is that of the final weight scales")
                    .after("passive-parameters", "the bias is corrected in float, after its scale was derived")
                    .editsGraph()
                    .needs(PassRequirement.STATISTICS)
                    .options(SAMPLES)
                    .build(),
            new CorrectBias());

    private CorrectBias() {}

    @Override
    public List<Observation<ChannelMean>> observes(PassView view) {
        return BiasCorrection.observations(view, view.options().get(SAMPLES));
    }

    @Override
    public void run(PassContext context) {
        BiasCorrection.of(context, context.options().get(SAMPLES))
                .biases(weight -> true)
                .forEach(context.editor()::initializer);
    }
}
