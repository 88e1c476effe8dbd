package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Operators that move, select or repeat elements. */
final class MovementGradients {

    static final Map<String, GradientRule> ROWS = rows();

    private MovementGradients() {}

    private static Map<String, GradientRule> rows() {
        Map<String, GradientRule> rows = new HashMap<>();
        for (String op : List.of("Reshape", "Flatten", "Squeeze", "Unsqueeze")) {
            rows.put(op, (b, n, up) -> List.of(b.reshape(up.get(0), b.shape(n.input(0)))));
        }
        rows.put("Transpose", MovementGradients::transpose);
        rows.put("Concat", MovementGradients::concat);
        rows.put("Split", MovementGradients::split);
        rows.put("Pad", MovementGradients::pad);
        for (String op : List.of("Slice", "Gather", "Tile", "GatherElements", "GatherND")) {
            rows.put(op, MovementGradients::selected);
        }
        rows.put("DepthToSpace", MovementGradients::selected);
        rows.put("SpaceToDepth", MovementGradients::selected);
        return rows;
    }

    private static List<String> transpose(GradientBuilder b, Node n, List<String> up) {
        int rank = b.rank(n.input(0));
        long[] order =
                n
                        .intsAttribute(
                                "perm",
                                LongStream.range(0, rank)
                                        .map(i -> rank - 1 - i)
                                        .boxed()
                                        .toList())
                        .stream()
                        .mapToLong(Long::longValue)
                        .toArray();
        long[] inverse = new long[rank];
        for (int i = 0; i < rank; i++) {
            inverse[(int) order[i]] = i;
        }
        return List.of(b.transpose(up.get(0), inverse));
    }

    private static List<String> concat(GradientBuilder b, Node n, List<String> up) {
        long axis = n.intAttribute("axis", 0);
        axis = axis < 0 ? axis + b.rank(n.output(0)) : axis;
        List<String> gradients = new ArrayList<>();
        long from = 0;
        for (int i = 0; i < n.inputs().size(); i++) {
            long to = from + b.shape(n.input(i))[(int) axis];
            gradients.add(b.isWanted(n, i) ? b.slice(up.get(0), axis, from, to, 1) : "");
            from = to;
        }
        return gradients;
    }

    /** What arrives at no part are zeros. */
    private static List<String> split(GradientBuilder b, Node n, List<String> up) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < n.outputs().size(); i++) {
            parts.add(!up.get(i).isEmpty() ? up.get(i) : b.op("Expand", b.scalar(0), b.longs(b.shape(n.output(i)))));
        }
        return List.of(b.add("Concat", parts, Map.of("axis", new Attribute.IntValue(n.intAttribute("axis", 0)))));
    }

    /**
     * Padding by the opposite numbers: what was added is cut off, zeros come where something was cut off. The gradients
     * of values that reflect or repeat others arrive at those.
     */
    private static List<String> pad(GradientBuilder b, Node n, List<String> up) {
        if (!n.stringAttribute("mode", "constant").equals("constant")) {
            return selected(b, n, up);
        }
        long[] pads = b.constant(n.input(1)).orElseThrow().longs();
        List<String> inputs = new ArrayList<>(
                List.of(up.get(0), b.longs(LongStream.of(pads).map(p -> -p).toArray())));
        if (n.hasInput(3)) {
            inputs.addAll(List.of("", b.read(n.input(3))));
        }
        return List.of(b.add("Pad", inputs, Map.of()));
    }

    /** Moves the numbers of the elements alike, so that each gradient finds its way back. */
    private static List<String> selected(GradientBuilder b, Node n, List<String> up) {
        long[] x = b.shape(n.input(0));
        List<String> inputs = new ArrayList<>();
        boolean spatial = n.is("DepthToSpace", "SpaceToDepth");
        String numbers = b.indexes(x);
        inputs.add(spatial ? b.add("Cast", List.of(numbers), cast(11)) : numbers);
        for (int i = 1; i < n.inputs().size(); i++) {
            inputs.add(n.hasInput(i) ? b.read(n.input(i)) : "");
        }
        String moved = b.add(n.opType(), inputs, new LinkedHashMap<>(n.attributes()));
        return List.of(b.scatter(up.get(0), spatial ? b.add("Cast", List.of(moved), cast(7)) : moved, x));
    }

    /** 7 is INT64, 11 DOUBLE: ONNX Runtime rearranges floats only, and doubles count exactly. */
    private static Map<String, Attribute> cast(long type) {
        return Map.of("to", new Attribute.IntValue(type));
    }
}
