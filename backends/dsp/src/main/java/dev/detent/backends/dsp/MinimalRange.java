package dev.detent.backends.dsp;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.List;

/**
 * Widens ranges that Qualcomm's converters would widen themselves, so that the device equals the simulation: 0.01 in
 * SNPE, 0.0001 in QNN.
 */
final class MinimalRange {

    static final String ID = "minimal-range";

    private static final Option<Double> WIDTH = Option.number(
                    "width", 1e-4, "smallest max - min that the converter accepts")
            .atLeast(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(ID, "widens activation ranges that the converter would widen itself")
                    .requires(Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .after("alignment", "aligned ranges are wide enough together")
                    .after("bias-room", "a wider activation only adds to the room")
                    .before("adaptive-rounding", "weights are rounded for the input codes of the final scales")
                    .before("bias-correction", "the error is that of the final scales")
                    .asks(Transition.LEAD)
                    .options(WIDTH)
                    .build(),
            MinimalRange::run);

    private MinimalRange() {}

    private static void run(PassContext context) {
        double width = context.options().get(WIDTH);
        for (TensorQuantization c : List.copyOf(context.quantization().configs())) {
            if (c.isInitializer()
                    || !c.isOwnRoot()
                    || c.isFixed()
                    || !c.state().isActive()
                    || c.state().isPassive()
                    || c.scheme().isPerChannel()) {
                continue;
            }
            QuantizationParameters p = c.qparams().orElseThrow();
            Range range = c.scheme().system().range(p.scale(0), p.zeroPoint(0), c.scheme());
            if (range.high() - range.low() < width * (1 - 1e-6)) {
                context.states()
                        .lead(
                                c,
                                range.low() < 0
                                        ? c.scheme().cover(range.low(), range.low() + width)
                                        : c.scheme().cover(0, width),
                                "its range was narrower than " + width);
            }
        }
    }
}
