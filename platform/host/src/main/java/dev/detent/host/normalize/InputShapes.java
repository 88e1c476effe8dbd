package dev.detent.host.normalize;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.UserException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Shapes that a person gives to inputs whose sizes the model leaves open.
 *
 * @param byInput sizes by the input's name, outermost first
 */
public record InputShapes(Map<String, List<Long>> byInput) {

    /** The model's own. */
    public static final InputShapes NONE = new InputShapes(Map.of());

    /** Sorts and copies the map. */
    public InputShapes {
        byInput = Collections.unmodifiableMap(new TreeMap<>(byInput));
    }

    /**
     * Each as {@code NAME=1,3,224,224}.
     *
     * @throws UserException for the first that is nothing of the kind
     */
    public static InputShapes parse(List<String> texts) {
        Map<String, List<Long>> shapes = new TreeMap<>();
        for (String text : texts) {
            int at = text.lastIndexOf('=');
            String sizes = text.substring(at + 1).trim();
            if (at <= 0 || !sizes.matches("[1-9]\\d{0,8}(\\s*[,x]\\s*[1-9]\\d{0,8})*")) {
                throw wrong("'" + text + "' is not NAME=1,3,224,224", "--input-shape");
            }
            List<Long> shape = Arrays.stream(sizes.split("\\s*[,x]\\s*"))
                    .map(Long::valueOf)
                    .toList();
            if (shapes.put(text.substring(0, at).trim(), shape) != null) {
                throw wrong("gives the input '" + text.substring(0, at).trim() + "' two shapes", "--input-shape");
            }
        }
        return new InputShapes(shapes);
    }

    /**
     * Works in place, on a model as it was read.
     *
     * @param where what messages call the model
     * @throws UserException when the model has no such input, or fixes another size
     */
    public void apply(Graph graph, String where) {
        List<ValueInfo> inputs = graph.inputs();
        for (String name : byInput.keySet()) {
            if (inputs.stream().noneMatch(i -> i.name().equals(name))) {
                throw wrong(
                        "has no input '" + name + "'; it has "
                                + inputs.stream().map(ValueInfo::name).collect(Collectors.joining(", ")),
                        where);
            }
        }
        if (byInput.isEmpty()) {
            return;
        }
        List<ValueInfo> shaped = inputs.stream().map(i -> shaped(i, where)).toList();
        GraphEditor edit = graph.edit();
        edit.clearInputs();
        shaped.forEach(edit::input);
        // What the file says of inner values holds for the sizes it left open; inference says it anew.
        List.copyOf(graph.valueInfos().keySet()).forEach(edit::removeValueInfo);
    }

    private ValueInfo shaped(ValueInfo input, String where) {
        List<Long> shape = byInput.get(input.name());
        if (shape == null) {
            return input;
        }
        input.shape().ifPresent(own -> {
            boolean fits = own.size() == shape.size();
            for (int d = 0; fits && d < own.size(); d++) {
                fits = !own.get(d).isKnown() || own.get(d).size() == shape.get(d);
            }
            if (!fits) {
                throw wrong(
                        "takes "
                                + own.stream()
                                        .map(d -> d.isKnown() ? Long.toString(d.size()) : "?")
                                        .collect(Collectors.joining(","))
                                + " as '" + input.name() + "', not "
                                + shape.stream().map(String::valueOf).collect(Collectors.joining(",")),
                        where);
            }
        });
        return new ValueInfo(
                input.name(),
                input.type(),
                Optional.of(shape.stream().map(Dimension::of).toList()),
                UnmodeledProto.NONE);
    }

    private static UserException wrong(String sentence, String where) {
        return new UserException(DataProblems.INPUT_SHAPE, sentence, where);
    }
}
