package dev.detent.passes.calibration;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;

/** Calibrates weights and other constant operands from their own values; no data needed. */
final class CalibrateWeights {

    private static final Option<String> METHOD =
            Option.text("method", "", "observer for every parameter instead of the rules' choice");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("parameter-quantization", "calibrates weights and other constants from their own values")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.BAKED)
                    .establishes(Fact.PARAMETERS_CALIBRATED)
                    .asks(Transition.CALIBRATE, Transition.KEEP_FLOAT)
                    .options(METHOD)
                    .build(),
            CalibrateWeights::run);

    private CalibrateWeights() {}

    private static void run(PassContext context) {
        String method = context.options().get(METHOD);
        for (Node n : context.graph().nodes()) {
            for (TensorQuantization c : context.quantization().inputs(n)) {
                if (c.isInitializer() && c.state().awaitsCalibration()) {
                    String id = ObserverChoice.observer(method, c);
                    Tensor t = context.graph().initializer(c.value()).orElseThrow();
                    if (t.type() != ElementType.FLOAT) {
                        context.states().keepFloat(c, "a constant of " + t.type() + " is not quantized");
                        continue;
                    }
                    Observer observer = context.observers().create(id, c.scheme());
                    observer.observe(t.floats(), t.dims());
                    FiniteRange.render(observer, c.scheme())
                            .ifPresentOrElse(
                                    p -> context.states()
                                            .calibrate(c, p, id + " of the tensor's " + t.elementCount() + " values"),
                                    () -> context.states().keepFloat(c, FiniteRange.WITHOUT_END));
                }
            }
        }
    }
}
