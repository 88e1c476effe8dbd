package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;

/**
 * Covers an input by the output that feeds it: one tensor, one quantization. Only the first of several uses by one node
 * is covered, as in PPQ 0.6.5.1's QuantizeSimplifyPass.
 */
final class SimplifyQuantization {

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("simplify", "covers inputs by the outputs that feed them")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .after("refine", "what is no data has left calibration and is not covered")
                    .after("fusion", "an input inside a fused operator follows the operator's output")
                    .asks(Transition.OVERLAP)
                    .build(),
            SimplifyQuantization::run);

    private SimplifyQuantization() {}

    private static void run(PassContext context) {
        Graph graph = context.graph();
        Quantization quantization = context.quantization();
        for (Node producer : graph.nodes()) {
            for (TensorQuantization out : quantization.outputs(producer)) {
                if (isUnquantized(out) || isUnquantized(out.root())) {
                    continue;
                }
                for (Node consumer : graph.consumers(out.value())) {
                    if (quantization.target(consumer).equals(quantization.target(producer))) {
                        int index = consumer.inputs().indexOf(out.value());
                        quantization
                                .input(consumer, index)
                                .filter(in -> in.state().awaitsCalibration() && mayRead(in, out))
                                .ifPresent(in -> context.states().overlap(in, out, "the same tensor as " + out.slot()));
                    }
                }
            }
        }
    }

    private static boolean isUnquantized(TensorQuantization c) {
        return c.state().isFloat() || c.state().isShape() || c.state().isSwitchedOff();
    }

    /**
     * A node that a person gave another width than its neighbour converts what it reads, as chips with mixed precision
     * do; and an encoding that is prescribed for the reader alone is not the writer's.
     */
    private static boolean mayRead(TensorQuantization in, TensorQuantization out) {
        boolean sameWidth = in.scheme().bits() == out.scheme().bits();
        boolean sameEncoding = out.isFixed()
                && in.observer().equals(out.root().observer())
                && in.scheme().equals(out.scheme());
        return sameWidth && (!in.isFixed() || sameEncoding);
    }
}
