package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What PPQ 0.6.5.1 takes the inputs and outputs of operators for, where its dispatchers must come to the same results.
 * It differs from {@link OperatorTable} (the branches of a Where are shapes to it, the results of a NonMaxSuppression
 * values), knows operators by older names, and its two generations of dispatchers differ from each other, so each has a
 * column: {@link Socket} for Perseus (scheduler/core/default.py), {@code shapeInputs}, {@link #isLedByFirstInput} and
 * the sources of shapes for the search-based ones (scheduler/base.py, scheduler/dispatchers.py). No one else asks here.
 */
final class PpqOperators {

    /** What kind of thing travels through an input or output. */
    enum Kind {
        VALUE,
        ATTRIBUTE,
        SHAPE,
        LOGICAL
    }

    /**
     * @param inputs kind per input; beyond the list VALUE
     * @param outputs kind per output; beyond the list VALUE
     * @param linked inputs whose value goes on to an output; empty where all do
     */
    record Socket(List<Kind> inputs, List<Kind> outputs, Optional<List<Integer>> linked) {
        /** Operators that are not listed carry values everywhere and link every input to every output. */
        private static final Socket DEFAULT = new Socket(List.of(), List.of(), Optional.empty());

        Kind input(int index) {
            return index < inputs.size() ? inputs.get(index) : Kind.VALUE;
        }

        Kind output(int index) {
            return index < outputs.size() ? outputs.get(index) : Kind.VALUE;
        }

        boolean links(int input) {
            return linked.map(l -> l.contains(input)).orElse(true);
        }
    }

    private static final Map<String, Socket> SOCKETS = new TreeMap<>();
    private static final Map<String, List<Integer>> SHAPE_INPUTS = new TreeMap<>();

    /** Operators whose first input alone carries the value. */
    private static final Set<String> LED_BY_FIRST_INPUT = Set.of(
            "Reshape",
            "Slice",
            "Gather",
            "Pad",
            "Resize",
            "Split",
            "TopK",
            "Tile",
            "Expand",
            "RoiAlign",
            "MMCVRoiAlign");

    /** Where value tracing ends: these make shapes or indices. */
    private static final Set<String> SHAPE_SOURCES = Set.of("Shape", "TopK", "NonMaxSuppression");

    static {
        // inputs, outputs, linked inputs | inputs that take shapes or indices
        row("Reshape", "V S", "V", List.of(0), 1);
        row("Pad", "V S A S", "V", List.of(0), 1, 2);
        row("Gather", "V S", "V", List.of(0), 1);
        row("GatherElements", "V S", "V", List.of(0), 1);
        row("GatherND", "V S", "V", List.of(0), 1);
        row("grid_sampler", "V S", "V", List.of(0), 1);
        row("Resize", "V S A S", "V", List.of(0), 1, 2, 3);
        row("Split", "V S", "V", List.of(0), 1);
        row("Expand", "V S", "V", List.of(0), 1);
        row("Squeeze", "V S", "V", List.of(0), 1);
        row("Unsqueeze", "V S", "V", List.of(0), 1);
        row("Tile", "V S S", "V", List.of(0), 1);
        row("RoiAlign", "V S S", "V", List.of(0), 1, 2);
        row("MMCVRoiAlign", "V S S", "V", List.of(0), 1, 2);
        row("Where", "V S S", "V", List.of(0));
        row("TopK", "V S", "V S", List.of(0), 1);
        row("Clip", "V A A", "V", List.of(0));
        row("Slice", "V A A A A", "V", List.of(0), 1, 2, 3, 4);
        row("ConstantOfShape", "S", "V", List.of(), 0);
        row("NonMaxSuppression", "V A S A A", "V", List.of());
        row("NonZero", "V", "S", List.of());
        row("Range", "A A A", "V", List.of());
        row("ScatterElements", "V S V", "V", List.of(0, 2), 1);
        row("ScatterND", "V S V", "V", List.of(0, 2), 1);
        row("Shape", "V", "S", List.of());
        for (String comparison :
                List.of("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor")) {
            row(comparison, "V V", "L", List.of());
        }
        row("OneHot", "S S S", "S", List.of());
        // Control flow, which PPQ does not run: conditions and trip counts are no values, what a loop carries is.
        row("If", "L", "V", List.of());
        row("Loop", "S L", "V", IntStream.range(2, 64).boxed().toList());
        SHAPE_INPUTS.put("ReduceSum", List.of(1));
    }

    private PpqOperators() {}

    private static void row(
            String opType, String inputs, String outputs, List<Integer> linked, Integer... shapeInputs) {
        SOCKETS.put(opType, new Socket(kinds(inputs), kinds(outputs), Optional.of(linked)));
        SHAPE_INPUTS.put(opType, List.of(shapeInputs));
    }

    private static List<Kind> kinds(String letters) {
        return Arrays.stream(letters.split(" "))
                .map(l -> switch (l) {
                    case "A" -> Kind.ATTRIBUTE;
                    case "S" -> Kind.SHAPE;
                    case "L" -> Kind.LOGICAL;
                    default -> Kind.VALUE;
                })
                .toList();
    }

    static Socket socket(Node node) {
        return node.domain().isEmpty() ? SOCKETS.getOrDefault(node.opType(), Socket.DEFAULT) : Socket.DEFAULT;
    }

    /** Producers of inputs that take shapes or indices. */
    static Set<Node> receivers(Graph graph) {
        Set<Node> receivers = new LinkedHashSet<>();
        for (Node n : graph.nodes()) {
            for (int i : SHAPE_INPUTS.getOrDefault(n.opType(), List.of())) {
                graph.producer(n.input(i)).ifPresent(receivers::add);
            }
        }
        return receivers;
    }

    static boolean isComputing(Node node) {
        return OperatorTable.is(node, Trait.WEIGHTED);
    }

    static boolean isLedByFirstInput(Node node) {
        return node.isOneOf(LED_BY_FIRST_INPUT);
    }

    static boolean endsValues(Node node) {
        return node.isOneOf(SHAPE_SOURCES);
    }

    static boolean generatesShapes(Node node) {
        return endsValues(node) || node.is("ConstantOfShape");
    }

    static boolean isLinearActivation(Node node) {
        return node.is("Relu", "Clip");
    }
}
