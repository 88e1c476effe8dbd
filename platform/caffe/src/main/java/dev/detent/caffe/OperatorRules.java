package dev.detent.caffe;

import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Which layers an operator becomes: the one list of operators that Detent writes. docs/caffe.md shows it. */
final class OperatorRules {

    /**
     * A row.
     *
     * @param layers what a person reads in the table
     * @param remark when it is refused, or what stands for it
     */
    record Rule(String layers, String remark, Consumer<NodeWriting> writer) {}

    private static final Map<String, Rule> RULES = new TreeMap<>();

    static {
        RULES.putAll(WeightedOperators.RULES);
        RULES.putAll(PointwiseOperators.RULES);
        RULES.putAll(ArithmeticOperators.RULES);
        RULES.putAll(SpatialOperators.RULES);
        RULES.putAll(ShapeOperators.RULES);
    }

    /** What people do about operators that Caffe lacks. */
    private static final Map<String, String> WAYS_OUT = Map.of(
            "Erf", "train with ReLU or h-swish instead of GELU",
            "Gelu", "train with ReLU or h-swish instead of GELU",
            "LayerNormalization", "use BatchNorm, or end the network in front of it",
            "InstanceNormalization", "use BatchNorm: Caffe's MVN adds its epsilon elsewhere",
            "GroupNormalization", "use BatchNorm",
            "NonMaxSuppression", "end the network in front of it and select boxes on the host",
            "TopK", "end the network in front of it and sort on the host",
            "ArgMax", "end the network in front of it and take the largest on the host",
            "Gather", "end the network in front of it, or use a Slice");

    private OperatorRules() {}

    static void write(NodeWriting writing) {
        Node n = writing.node();
        Rule rule = n.domain().isEmpty() ? RULES.get(n.opType()) : null;
        if (rule == null) {
            throw writing.refused("has no layer in Caffe; "
                    + WAYS_OUT.getOrDefault(n.opType(), "end the network in front of it, or replace it in the model"));
        }
        rule.writer().accept(writing);
    }

    static List<List<String>> table() {
        List<List<String>> rows = new ArrayList<>();
        RULES.forEach((op, rule) -> rows.add(List.of(op, rule.layers(), rule.remark())));
        return rows;
    }
}
