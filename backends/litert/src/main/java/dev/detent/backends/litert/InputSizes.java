package dev.detent.backends.litert;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sizes that a person gives to inputs whose dimensions the model leaves free: {@code 1x3x48x192}, or by name. */
final class InputSizes {

    private static final String WHERE = "tflite.sizes";

    private InputSizes() {}

    /**
     * Sets them, in place.
     *
     * @param text {@code 1x3x48x192} for the only input, {@code a=1x8,b=1x16} for several; empty for none
     */
    static void set(Graph graph, String text) {
        if (text.isBlank()) {
            return;
        }
        Map<String, ValueInfo> changed = new HashMap<>();
        for (String part : text.split(",")) {
            int equals = part.lastIndexOf('=');
            String name = equals < 0 ? graph.inputs().get(0).name() : part.substring(0, equals);
            ValueInfo input = graph.inputs().stream()
                    .filter(i -> i.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> wrong(
                            part,
                            "names no input; the model has "
                                    + graph.inputs().stream()
                                            .map(ValueInfo::name)
                                            .toList()));
            changed.put(name, sized(input, part.substring(equals + 1), part));
        }
        List<ValueInfo> inputs = List.copyOf(graph.inputs());
        GraphEditor edit = graph.edit().clearInputs();
        inputs.forEach(i -> edit.input(changed.getOrDefault(i.name(), i)));
    }

    private static ValueInfo sized(ValueInfo input, String sizes, String part) {
        if (!sizes.matches("[1-9]\\d{0,8}(x[1-9]\\d{0,8})*")) {
            throw wrong(part, "must be sizes with an x between them, such as 1x3x48x192");
        }
        List<Dimension> dims = new ArrayList<>();
        Arrays.stream(sizes.split("x")).forEach(s -> dims.add(Dimension.of(Long.parseLong(s))));
        List<Dimension> declared = input.shape().orElse(dims);
        boolean fits = declared.size() == dims.size();
        for (int d = 0; fits && d < dims.size(); d++) {
            fits = !declared.get(d).isKnown() || declared.get(d).equals(dims.get(d));
        }
        if (!fits) {
            throw wrong(
                    part,
                    "does not fit the input's own shape "
                            + declared.stream().map(Dimension::size).toList());
        }
        return new ValueInfo(input.name(), input.type(), Optional.of(dims), input.opaque());
    }

    /** Inputs whose sizes are not known, the batch apart. */
    static List<String> open(Graph graph) {
        return graph.inputs().stream()
                .filter(i -> i.staticShape().isEmpty())
                .map(ValueInfo::name)
                .toList();
    }

    private static UserException wrong(String part, String why) {
        return new UserException(LitertProblems.NO_SHAPE, "'" + part + "' " + why, WHERE);
    }
}
