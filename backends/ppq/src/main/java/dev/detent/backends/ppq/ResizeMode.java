package dev.detent.backends.ppq;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;

/** NXP has nearest, half-pixel Resize only (PPQ's NXPResizeModeChangePass). */
final class ResizeMode {

    static final String ID = "nxp-resize-mode";

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of(ID, "Resize as nearest, half pixel")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .before("refine", "PPQ's order")
                    .before("fusion", "PPQ's order")
                    .before("simplify", "PPQ's order")
                    .editsGraph()
                    .build(),
            ResizeMode::run);

    private ResizeMode() {}

    private static void run(PassContext context) {
        for (Node n : java.util.List.copyOf(context.graph().nodes())) {
            if (n.is("Resize") && context.quantization().isQuantized(n)) {
                context.editor()
                        .replace(n.withAttribute("mode", new Attribute.StringValue("nearest"))
                                .withAttribute(
                                        "coordinate_transformation_mode", new Attribute.StringValue("half_pixel")));
            }
        }
    }
}
