package dev.detent.support.qdq;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Raises opset 13 and newer as far as Q/DQ of a type needs: the operators whose form changed since
 * (onnx/docs/Changelog.md).
 */
final class OpsetRaise {

    private static final int REDUCTIONS = 18;
    private static final int GRID_SAMPLE = 20;
    private static final Set<String> REDUCE = Set.of(
            "ReduceMax",
            "ReduceMin",
            "ReduceMean",
            "ReduceProd",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSumSquare");
    private static final Map<String, String> MODES = Map.of("bilinear", "linear", "bicubic", "cubic");

    private OpsetRaise() {}

    static void to(int opset, GraphEditor edit) {
        int from = edit.graph().opset();
        if (from >= opset) {
            return;
        }
        for (Node n : List.copyOf(edit.graph().nodes())) {
            if (!n.domain().isEmpty()) {
                continue;
            }
            if (from < REDUCTIONS
                    && opset >= REDUCTIONS
                    && n.isOneOf(REDUCE)
                    && n.attribute("axes").isPresent()) {
                // Attribute to input.
                String axes = edit.freshName(n.name() + "_axes");
                List<Long> values = n.intsAttribute("axes", List.of());
                edit.initializer(
                        axes,
                        Tensor.ofLongs(
                                new long[] {values.size()},
                                values.stream().mapToLong(Long::longValue).toArray()));
                edit.replace(n.withInput(1, axes).withoutAttribute("axes"));
            }
            if (from < REDUCTIONS && opset >= REDUCTIONS && n.is("Split") && !n.hasInput(1)) {
                edit.replace(n.withAttribute(
                        "num_outputs", new Attribute.IntValue(n.outputs().size())));
            }
            if (from < GRID_SAMPLE && opset >= GRID_SAMPLE && n.is("GridSample")) {
                edit.replace(n.withAttribute(
                        "mode",
                        new Attribute.StringValue(
                                MODES.getOrDefault(n.stringAttribute("mode", "bilinear"), "nearest"))));
            }
        }
        edit.opset("", opset);
    }
}
