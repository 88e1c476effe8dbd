package dev.detent.passes.refinement;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes the inputs that are not data out of calibration: shapes and indices become SOI, clip bounds FP32, a pad value
 * passive. PPQ 0.6.5.1's QuantizeRefinePass, plus every input that is known not to be floating point (see
 * docs/differences.md).
 */
final class RefineInputs {

    /** What an input that is not data becomes. */
    private enum Role {
        SHAPE,
        BOUND,
        FILL
    }

    /** Roles of the inputs after the first; the last entry repeats. */
    private static final Map<String, List<Role>> TABLE = Map.ofEntries(
            Map.entry("Reshape", List.of(Role.SHAPE)),
            Map.entry("Slice", List.of(Role.SHAPE)),
            Map.entry("Gather", List.of(Role.SHAPE)),
            Map.entry("Resize", List.of(Role.SHAPE)),
            Map.entry("Split", List.of(Role.SHAPE)),
            Map.entry("Squeeze", List.of(Role.SHAPE)),
            Map.entry("Unsqueeze", List.of(Role.SHAPE)),
            Map.entry("ReduceSum", List.of(Role.SHAPE)),
            Map.entry("ReduceMean", List.of(Role.SHAPE)),
            Map.entry("ReduceMax", List.of(Role.SHAPE)),
            Map.entry("ReduceMin", List.of(Role.SHAPE)),
            Map.entry("Tile", List.of(Role.SHAPE)),
            Map.entry("Expand", List.of(Role.SHAPE)),
            Map.entry("TopK", List.of(Role.SHAPE)),
            Map.entry("Clip", List.of(Role.BOUND)),
            Map.entry("Pad", List.of(Role.SHAPE, Role.FILL, Role.SHAPE)));

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
                    role(context, n, c).ifPresent(role -> {
                        switch (role) {
                            case SHAPE ->
                                context.states()
                                        .markShape(
                                                c, "input " + c.slot().index() + " of " + n.opType() + " is no data");
                            case BOUND -> context.states().keepFloat(c, "a clip bound stays float");
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

    private static Optional<Role> role(PassContext context, Node n, TensorQuantization c) {
        int index = c.slot().index();
        List<Role> roles = n.domain().isEmpty() ? TABLE.get(n.opType()) : null;
        if (roles != null && index > 0) {
            Role role = roles.get(Math.min(index - 1, roles.size() - 1));
            return Optional.of(role == Role.FILL && c.value().isEmpty() ? Role.SHAPE : role);
        }
        if (c.value().isEmpty()) {
            return Optional.of(Role.SHAPE);
        }
        ElementType type = context.graph()
                .initializer(c.value())
                .map(t -> t.type())
                .or(() -> context.graph().valueInfo(c.value()).map(v -> v.type()))
                .orElse(ElementType.UNDEFINED);
        return type == ElementType.UNDEFINED
                        || type == ElementType.FLOAT
                        || type == ElementType.FLOAT16
                        || type == ElementType.DOUBLE
                        || type == ElementType.BFLOAT16
                ? Optional.empty()
                : Optional.of(Role.SHAPE);
    }
}
