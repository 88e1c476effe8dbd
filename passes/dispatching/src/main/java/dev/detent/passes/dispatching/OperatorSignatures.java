package dev.detent.passes.dispatching;

import dev.detent.spi.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What kind of thing travels through each input and output of an operator, as data. Operators that are not listed carry
 * values everywhere and link every input to every output. Source: PPQ 0.6.5.1, scheduler/core/default.py.
 */
final class OperatorSignatures {

    enum Kind {
        VALUE,
        ATTRIBUTE,
        SHAPE,
        LOGICAL
    }

    /**
     * @param inputs kind per input; beyond the list VALUE
     * @param outputs kind per output; beyond the list VALUE
     * @param linked inputs whose value goes on to an output; empty list when none does, null-object {@link #ALL} when
     *     all do
     */
    record Socket(List<Kind> inputs, List<Kind> outputs, List<Integer> linked) {
        Kind input(int index) {
            return index < inputs.size() ? inputs.get(index) : Kind.VALUE;
        }

        Kind output(int index) {
            return index < outputs.size() ? outputs.get(index) : Kind.VALUE;
        }

        boolean links(int input) {
            return linked == ALL || linked.contains(input);
        }
    }

    private static final List<Integer> ALL = List.of(-1);
    private static final Socket DEFAULT = new Socket(List.of(), List.of(), ALL);
    private static final Map<String, Socket> TABLE = new TreeMap<>();

    static {
        put("Reshape", "V S", "V", 0);
        put("Pad", "V S A S", "V", 0);
        put("Gather", "V S", "V", 0);
        put("GatherElements", "V S", "V", 0);
        put("GatherND", "V S", "V", 0);
        put("grid_sampler", "V S", "V", 0);
        put("Resize", "V S A S", "V", 0);
        put("Split", "V S", "V", 0);
        put("Expand", "V S", "V", 0);
        put("Squeeze", "V S", "V", 0);
        put("Unsqueeze", "V S", "V", 0);
        put("Tile", "V S S", "V", 0);
        put("RoiAlign", "V S S", "V", 0);
        put("MMCVRoiAlign", "V S S", "V", 0);
        put("Where", "V S S", "V", 0);
        put("TopK", "V S", "V S", 0);
        put("Clip", "V A A", "V", 0);
        put("Slice", "V A A A A", "V", 0);
        put("ConstantOfShape", "S", "V");
        put("NonMaxSuppression", "V A S A A", "V");
        put("NonZero", "V", "S");
        put("Range", "A A A", "V");
        put("ScatterElements", "V S V", "V", 0, 2);
        put("ScatterND", "V S V", "V", 0, 2);
        put("Shape", "V", "S");
        for (String comparison :
                List.of("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor")) {
            put(comparison, "V V", "L");
        }
        put("OneHot", "S S S", "S");
        // Control flow, which PPQ does not run: conditions and trip counts are no values, what a loop carries is.
        put("If", "L", "V");
        put("Loop", "S L", "V", IntStream.range(2, 64).boxed().toArray(Integer[]::new));
    }

    private OperatorSignatures() {}

    static Socket of(Node node) {
        return node.domain().isEmpty() ? TABLE.getOrDefault(node.opType(), DEFAULT) : DEFAULT;
    }

    private static void put(String opType, String inputs, String outputs, Integer... linked) {
        TABLE.put(opType, new Socket(kinds(inputs), kinds(outputs), List.of(linked)));
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
}
