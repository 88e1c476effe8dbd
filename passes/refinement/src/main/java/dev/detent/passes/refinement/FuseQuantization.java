package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.Optional;
import java.util.Set;

/**
 * Covers tensors inside operators that the target runs as one: computing operator with its activation, any operator
 * with a following Relu or Clip, and data movement, whose output takes over its input's quantization. PPQ 0.6.5.1's
 * QuantizeFusionPass, rules in its order.
 */
final class FuseQuantization {

    private static final Option<String> ACTIVATIONS = Option.text(
            "activations",
            "Relu,Clip",
            "activations that fuse with a preceding computing operator, comma-separated; empty for none");
    private static final Option<Boolean> FUSE_ACTIVATION =
            Option.flag("activation", true, "cover the tensor between an operator and its activation");
    private static final Option<Boolean> FUSE_PASSIVE =
            Option.flag("passive", true, "let outputs of data-moving operators share their input's quantization");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("fusion", "covers tensors inside fused operators")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .after("refine", "what is no data has left calibration and is not covered")
                    .asks(Transition.OVERLAP)
                    .options(ACTIVATIONS, FUSE_ACTIVATION, FUSE_PASSIVE)
                    .build(),
            context -> new FuseQuantization(context).run());

    private final PassContext context;
    private final Graph graph;
    private final Quantization quantization;

    private FuseQuantization(PassContext context) {
        this.context = context;
        this.graph = context.graph();
        this.quantization = context.quantization();
    }

    private void run() {
        if (context.options().get(FUSE_ACTIVATION)) {
            Set<String> activations = Set.copyOf(Option.list(context.options().get(ACTIVATIONS)));
            for (Node n : graph.nodes()) {
                if (OperatorTable.is(n, Trait.WEIGHTED)) {
                    onlyConsumer(n).filter(a -> a.isOneOf(activations)).ifPresent(a -> computingWithActivation(n, a));
                }
            }
            for (Node n : graph.nodes()) {
                if (n.is("Relu", "Clip")) {
                    graph.producer(n.input(0)).ifPresent(p -> anyWithRelu(p, n));
                }
            }
        }
        if (context.options().get(FUSE_PASSIVE)) {
            graph.nodes().forEach(this::passive);
        }
    }

    private void computingWithActivation(Node computing, Node activation) {
        if (quantization.isQuantized(computing)
                && sameTarget(computing, activation)
                && graph.upstream(activation).size() == 1) {
            cover(computing, activation);
        }
    }

    private void anyWithRelu(Node producer, Node activation) {
        if (quantization.isQuantized(activation)
                && sameTarget(producer, activation)
                && onlyConsumer(producer).filter(activation::equals).isPresent()) {
            cover(producer, activation);
        }
    }

    private void cover(Node producer, Node activation) {
        TensorQuantization after = quantization.output(activation, 0).orElseThrow();
        String reason = producer.opType() + " and " + activation.opType() + " '" + activation.name() + "' run as one";
        quantization.output(producer, 0).ifPresent(c -> overlap(c, after, reason));
        quantization.input(activation, 0).ifPresent(c -> overlap(c, after, reason));
    }

    private void passive(Node n) {
        Set<Node> producers = graph.upstream(n);
        if (producers.isEmpty()
                || !quantization.isPassive(n)
                || !producers.stream().allMatch(p -> sameTarget(p, n))) {
            return;
        }
        quantization
                .input(n, 0)
                .ifPresent(in ->
                        quantization.outputs(n).forEach(out -> overlap(out, in, n.opType() + " only moves its data")));
    }

    /**
     * What is covered already moves with what covers it, unless that stays float: a network's output, say. An encoding
     * that the target prescribes stays, and what the user switched off covers nobody.
     */
    private void overlap(TensorQuantization covered, TensorQuantization by, String reason) {
        if (covered.root().state().awaitsCalibration()
                && !covered.isFixed()
                && by.root().state().canCover()) {
            context.states().overlap(covered, by, reason);
        }
    }

    private boolean sameTarget(Node a, Node b) {
        return quantization.isQuantized(a) && quantization.target(a).equals(quantization.target(b));
    }

    private Optional<Node> onlyConsumer(Node n) {
        Set<Node> consumers = graph.downstream(n);
        return consumers.size() == 1 ? Optional.of(consumers.iterator().next()) : Optional.empty();
    }
}
