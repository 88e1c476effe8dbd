package dev.detent.backends.ppq;

import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;

/**
 * NXP rounds what enters the quantized part half down: graph inputs, outputs of float operators and, as PPQ 0.6.5.1
 * does, parameters too (its NxpInputRoundingRefinePass).
 */
final class InputRounding {

    static final String ID = "nxp-input-rounding";

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(ID, "rounds half down what no quantized operator produces")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .before("refine", "PPQ's order")
                    .before("fusion", "PPQ's order")
                    .before("simplify", "PPQ's order")
                    .commutesWith(ResizeMode.ID, "one revises schemes, the other the mode of Resize")
                    .asks(Transition.REVISE)
                    .build(),
            InputRounding::run);

    private InputRounding() {}

    private static void run(PassContext context) {
        for (Node n : context.graph().nodes()) {
            for (TensorQuantization c : context.quantization().inputs(n)) {
                boolean produced = context.graph()
                        .producer(c.value())
                        .map(context.quantization()::isQuantized)
                        .orElse(false);
                if (!produced && (c.state().awaitsCalibration() || c.state().awaitsDerivation())) {
                    context.states()
                            .revise(c, c.scheme().with(Rounding.HALF_DOWN), "no quantized operator produces it");
                }
            }
        }
    }
}
