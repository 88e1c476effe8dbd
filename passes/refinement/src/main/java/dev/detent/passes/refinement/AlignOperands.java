package dev.detent.passes.refinement;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.problem.SupportProblems;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Gives operands that must share a scale one scale. 'Align to Large' covers the union of the operands' ranges, 'Align
 * to Output' takes the output's. Producers with no other consumer follow; with force-overlap every producer's whole
 * group does. PPQ 0.6.5.1's QuantAlignmentPass.
 *
 * <p>An encoding that the target prescribes is never moved. What is aligned with it follows it where its range
 * suffices; where it does not (probabilities and box coordinates in one Concat), following would cut the others off, so
 * they are aligned among themselves and the prescribed one keeps its own.
 */
final class AlignOperands {

    /** An operand that reaches no further on its shared scale has lost more than five of its eight bits. */
    private static final int FEW_STEPS = 4;

    static final String NONE = "None";
    static final String TO_LARGE = "Align to Large";
    static final String TO_OUTPUT = "Align to Output";

    private static final Option<String> ELEMENTWISE = Option.choice(
            "elementwise",
            TO_LARGE,
            List.of(TO_LARGE, TO_OUTPUT, NONE),
            "how the operands of Add, Sub and Sum are aligned");
    private static final Option<String> CONCAT = Option.choice(
            "concat", TO_OUTPUT, List.of(TO_LARGE, TO_OUTPUT, NONE), "how the operands of Concat are aligned");
    private static final Option<String> POOLING = Option.choice(
            "pooling", NONE, List.of(TO_OUTPUT, NONE), "how input and output of average pooling are aligned");
    private static final Option<String> RESIZE =
            Option.choice("resize", NONE, List.of(TO_OUTPUT, NONE), "how input and output of Resize are aligned");
    private static final Option<Boolean> FORCE = Option.flag(
            "force-overlap", false, "move the whole group of every producer, even one with other consumers");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("alignment", "gives operands that must share a scale one scale")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .asks(Transition.LEAD, Transition.ENSLAVE, Transition.ENSLAVE_GROUP)
                    .options(ELEMENTWISE, CONCAT, POOLING, RESIZE, FORCE)
                    .build(),
            context -> new AlignOperands(context).run());

    private final PassContext context;
    private final Graph graph;
    private final Quantization quantization;

    private AlignOperands(PassContext context) {
        this.context = context;
        this.graph = context.graph();
        this.quantization = context.quantization();
    }

    private void run() {
        for (Node n : graph.nodes()) {
            if (quantization.isQuantized(n)) {
                Map<String, Double> reaches = n.is("Concat") ? reaches(n) : Map.of();
                align(n, method(n)).ifPresent(master -> {
                    reaches.forEach((operand, reach) -> warnOfLost(n, operand, reach, master));
                    followUpstream(n, master);
                });
            }
        }
    }

    /** How far from zero each operand's own range goes; those that are zero throughout lose nothing. */
    private Map<String, Double> reaches(Node n) {
        Map<String, Double> reaches = new LinkedHashMap<>();
        for (TensorQuantization in : quantization.inputs(n)) {
            in.qparams()
                    .filter(p -> p.channels() == 1 && p.scale(0) != (float) LinearInteger.ZERO_SCALE)
                    .ifPresent(p -> {
                        Range range = in.scheme().system().range(p.scale(0), p.zeroPoint(0), in.scheme());
                        reaches.put(in.value(), Math.max(range.high(), -range.low()));
                    });
        }
        return reaches;
    }

    private void warnOfLost(Node n, String operand, double reach, TensorQuantization shared) {
        QuantizationParameters p = shared.qparams().orElseThrow();
        double step = shared.scheme().system().step(reach, p.scale(0), p.zeroPoint(0), shared.scheme());
        if (reach < FEW_STEPS * step) {
            context.report(Problem.warning(
                    SupportProblems.LOST_OPERAND,
                    String.format(
                            Locale.ROOT,
                            "reaches to %.3g only, but shares one scale with the other operands of Concat '%s', whose "
                                    + "step is %.3g: next to nothing of it is left. Make it an output of its own in "
                                    + "front of the Concat, or take a target with 16-bit activations, such as "
                                    + "--backend qnn-ep16",
                            reach,
                            n.name(),
                            step),
                    operand));
        }
    }

    private String method(Node n) {
        Option<String> option = n.is("Add", "Sub", "Sum")
                ? ELEMENTWISE
                : n.is("Concat")
                        ? CONCAT
                        : n.is("AveragePool", "GlobalAveragePool") ? POOLING : n.is("Resize") ? RESIZE : null;
        return option == null ? NONE : context.options().get(option);
    }

    private Optional<TensorQuantization> align(Node n, String method) {
        List<TensorQuantization> inputs = new ArrayList<>();
        for (TensorQuantization in : quantization.inputs(n)) {
            if (in.state().canLead() && in.qparams().isPresent()) {
                inputs.add(in);
            }
        }
        if (method.equals(TO_LARGE) && !inputs.isEmpty()) {
            List<TensorQuantization> free = movable(inputs);
            return prescribed(inputs, free).or(() -> free.isEmpty() ? Optional.empty() : Optional.of(toLarge(n, free)));
        }
        if (method.equals(TO_OUTPUT)) {
            return quantization
                    .output(n, 0)
                    .filter(out -> out.state().canLead() && out.qparams().isPresent())
                    .map(out -> toOutput(n, inputs, out));
        }
        return Optional.empty();
    }

    private TensorQuantization toOutput(Node n, List<TensorQuantization> inputs, TensorQuantization out) {
        List<TensorQuantization> free = movable(inputs);
        if (!out.isFixed()) {
            List<TensorQuantization> followers = new ArrayList<>(free);
            followers.add(out);
            Optional<TensorQuantization> master = prescribed(inputs, followers);
            if (master.isPresent()) {
                return master.get();
            }
        }
        free.forEach(
                in -> context.states().enslave(in, out, "operands of " + n.opType() + " share its output's scale"));
        return out;
    }

    private static List<TensorQuantization> movable(List<TensorQuantization> configs) {
        return configs.stream().filter(c -> !c.isFixed()).toList();
    }

    /** The first operand with a prescribed encoding, if that holds the ranges of all followers; they follow it then. */
    private Optional<TensorQuantization> prescribed(
            List<TensorQuantization> inputs, List<TensorQuantization> followers) {
        Optional<TensorQuantization> master = inputs.stream()
                .filter(TensorQuantization::isFixed)
                .filter(m -> followers.stream().allMatch(f -> holds(m, f)))
                .findFirst();
        master.ifPresent(m -> followers.forEach(
                f -> context.states().enslave(f, m, "the target prescribes the encoding of " + m.value())));
        return master;
    }

    /** Up to half a step, which rounding takes anyway. */
    private static boolean holds(TensorQuantization master, TensorQuantization follower) {
        Range wide = range(master);
        Range narrow = range(follower);
        double half = (wide.high() - wide.low())
                / (master.scheme().quantMax() - (double) master.scheme().quantMin())
                / 2;
        return narrow.low() >= wide.low() - half && narrow.high() <= wide.high() + half;
    }

    private static Range range(TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        return c.scheme().system().range(p.scale(0), p.zeroPoint(0), c.scheme());
    }

    /**
     * The first operand leads with a scale that covers all; its new range is computed with the scheme it showed before.
     */
    private TensorQuantization toLarge(Node n, List<TensorQuantization> inputs) {
        double min = 0;
        double max = 0;
        for (TensorQuantization in : inputs) {
            Range range = range(in);
            min = Math.min(min, range.low());
            max = Math.max(max, range.high());
        }
        TensorQuantization master = inputs.get(0);
        context.states()
                .lead(master, master.scheme().cover(min, max), "covers the ranges of all operands of " + n.opType());
        inputs.subList(1, inputs.size())
                .forEach(in -> context.states().enslave(in, master, "operands of " + n.opType() + " share one scale"));
        return master;
    }

    /** Links that leave the node; an operator that reads a tensor twice counts twice, as in PPQ. */
    private int uses(Node producer) {
        return producer.outputs().stream().mapToInt(o -> graph.uses(o).size()).sum();
    }

    private void followUpstream(Node n, TensorQuantization master) {
        boolean force = context.options().get(FORCE);
        // By link, as PPQ walks: an operator that reads one tensor twice moves its producer twice.
        for (Node producer :
                n.inputs().stream().flatMap(i -> graph.producer(i).stream()).toList()) {
            if (!force && uses(producer) != 1) {
                continue;
            }
            List<TensorQuantization> slots = new ArrayList<>(quantization.inputs(producer));
            slots.addAll(quantization.outputs(producer));
            for (TensorQuantization slot : slots) {
                if (n.inputs().contains(slot.value()) && slot.state().canLead() && !slot.isFixed()) {
                    String reason = "feeds " + n.opType() + " '" + n.name() + "', whose operands share one scale";
                    if (force) {
                        context.states().enslaveGroup(slot, master, reason);
                    } else {
                        context.states().enslave(slot, master, reason);
                    }
                }
            }
        }
    }
}
