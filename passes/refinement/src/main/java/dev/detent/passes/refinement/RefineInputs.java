package dev.detent.passes.refinement;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.operator.OperatorTable;
import java.util.Optional;

/**
 * Takes the inputs that are not data out of calibration: shapes and indices become SOI, clip bounds FP32, a pad value
 * passive. PPQ 0.6.5.1's QuantizeRefinePass, plus every input that is known not to be floating point (see
 * docs/differences.md).
 */
final class RefineInputs {

    /** What an input that is not data becomes. */
    private enum Outcome {
        SHAPE,
        FLOAT,
        FILL
    }

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("refine", "marks shape inputs, clip bounds and pad values")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .asks(Transition.MARK_SHAPE, Transition.KEEP_FLOAT, Transition.AWAIT)
                    .build(),
            RefineInputs::run);

    private RefineInputs() {}

    private static void run(PassContext context) {
        for (Node n : context.graph().nodes()) {
            for (TensorQuantization c : context.quantization().inputs(n)) {
                if (c.state().awaitsCalibration()) {
                    outcome(context, n, c).ifPresent(outcome -> {
                        switch (outcome) {
                            case SHAPE ->
                                context.states()
                                        .markShape(
                                                c, "input " + c.slot().index() + " of " + n.opType() + " is no data");
                            case FLOAT -> context.states().keepFloat(c, "a clip bound stays float");
                            case FILL -> fill(context, n, c);
                        }
                    });
                }
            }
        }
    }

    private static void fill(PassContext context, Node n, TensorQuantization value) {
        if (context.quantization()
                .input(n, 0)
                .filter(data -> data.state().isFloat())
                .isPresent()) {
            context.states().keepFloat(value, "the data it pads stay float");
        } else {
            context.states().await(value, "the pad value takes over the scale of the data");
        }
    }

    private static Optional<Outcome> outcome(PassContext context, Node n, TensorQuantization c) {
        Optional<Outcome> byRole = switch (OperatorTable.role(n, c.slot().index(), context.graph())) {
            case SHAPE, AXES, INDEX -> Optional.of(Outcome.SHAPE);
            case FILL -> Optional.of(c.value().isEmpty() ? Outcome.SHAPE : Outcome.FILL);
            case BOUND -> Optional.of(Outcome.FLOAT);
            default -> Optional.empty();
        };
        return byRole.or(() ->
                c.value().isEmpty() || isNoFloat(context, c.value()) ? Optional.of(Outcome.SHAPE) : Optional.empty());
    }

    private static boolean isNoFloat(PassContext context, String value) {
        ElementType type = context.graph()
                .initializer(value)
                .map(t -> t.type())
                .or(() -> context.graph().valueInfo(value).map(v -> v.type()))
                .orElse(ElementType.UNDEFINED);
        return switch (type) {
            case UNDEFINED, FLOAT, FLOAT16, DOUBLE, BFLOAT16 -> false;
            default -> true;
        };
    }
}
