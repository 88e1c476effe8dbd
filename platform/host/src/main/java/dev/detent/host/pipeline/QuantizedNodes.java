package dev.detent.host.pipeline;

import dev.detent.host.plan.TargetPlan;
import dev.detent.kernel.Journal;
import dev.detent.onnx.Branches;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Which nodes are quantized, and what keeps the others in float: the same for console, report and check. */
public final class QuantizedNodes {

    private QuantizedNodes() {}

    /** A node whose slots all stay float, by a rule or a pass, is none, although it holds configs. */
    public static boolean isQuantized(Quantization configs, Node n) {
        return !quantized(configs, n).isEmpty();
    }

    /** How many of a graph's own nodes are quantized; {@link Pipeline.Result#whole} gives those of branches too. */
    public static int count(Pipeline.Result result) {
        return (int) result.graph().nodes().stream()
                .filter(n -> isQuantized(result.configs(), n))
                .count();
    }

    /** The configs of a node's slots that do not stay float, inputs first. */
    public static List<TensorQuantization> quantized(Quantization configs, Node n) {
        return Stream.<TensorQuantization>concat(configs.inputs(n).stream(), configs.outputs(n).stream())
                .filter(c -> !c.value().isEmpty() && !c.root().state().isFloat())
                .toList();
    }

    /** What left a node that holds configs in float: a person's rule, a pass, or the target. */
    public static String whyFloat(Node n, Journal journal) {
        Optional<String> ruled = journal.ruledOfNode(n.name()).stream()
                .filter(r -> r.to().isFloat())
                .findFirst()
                .map(r -> "because of " + r.source());
        return ruled.or(() -> journal.ofNode(n.name()).stream()
                        .filter(e -> e.to().isFloat())
                        .reduce((earlier, last) -> last)
                        .map(e -> "pass '" + e.pass() + "'" + (e.reason().isEmpty() ? "" : ": " + e.reason())))
                .orElse("the target's rules keep it in float here");
    }

    /** Why a node with quantized branches has no config itself; empty for any other. */
    public static Optional<String> ofBranches(Node n, Pipeline.Result result) {
        List<String> clauses = result.graphs().branches().stream()
                .filter(b -> b.node().equals(n.name()))
                .map(b -> b.result().whole().mapToInt(QuantizedNodes::count).sum() + " of "
                        + Branches.count(b.result().floatGraph()) + " nodes of its branch '" + b.attribute()
                        + "' are quantized")
                .toList();
        return clauses.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", clauses));
    }

    /**
     * What is to be said of an operator that the target has no rule for, behind that: begins with a semicolon, or
     * empty.
     */
    public static String whatItIs(Node n, TargetPlan target) {
        String branches = Branches.inFloat(n);
        if (!branches.isEmpty() && BranchQuantization.exporter(target).isPresent()) {
            return "; what the target quantizes in its branches is quantized there";
        }
        if (!branches.isEmpty()) {
            return "; " + branches;
        }
        return OperatorTable.is(n, Trait.RECURRENT)
                ? "; its state goes through the same weights at every step, and its weights are no constants or the target "
                        + "has no place for them"
                : n.is("Einsum") ? "; '" + n.stringAttribute("equation", "") + "' is no product of two matrices" : "";
    }
}
