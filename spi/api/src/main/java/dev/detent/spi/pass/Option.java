package dev.detent.spi.pass;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A typed option. Its name is {@code pass.option} on the command line and in YAML.
 *
 * @param name lower-case words joined by {@code -}
 * @param choices allowed values of a choice; empty for other types
 * @param help one sentence
 */
public record Option<T>(String name, Class<T> type, T defaultValue, List<T> choices, String help) {

    public static Option<Boolean> flag(String name, boolean defaultValue, String help) {
        return new Option<>(name, Boolean.class, defaultValue, List.of(), help);
    }

    public static Option<Integer> integer(String name, int defaultValue, String help) {
        return new Option<>(name, Integer.class, defaultValue, List.of(), help);
    }

    public static Option<Double> number(String name, double defaultValue, String help) {
        return new Option<>(name, Double.class, defaultValue, List.of(), help);
    }

    public static Option<String> text(String name, String defaultValue, String help) {
        return new Option<>(name, String.class, defaultValue, List.of(), help);
    }

    public static Option<String> choice(String name, String defaultValue, List<String> choices, String help) {
        return new Option<>(name, String.class, defaultValue, List.copyOf(choices), help);
    }

    /** Reads a value as typed by a person or as found in YAML; throws IllegalArgumentException with the sentence to show. */
    public T parse(Object value) {
        Object parsed;
        String text = value instanceof List<?> l ? l.stream().map(String::valueOf).collect(Collectors.joining(",")) : String.valueOf(value);
        try {
            parsed = type == Boolean.class ? bool(text)
                    : type == Integer.class ? (Object) Integer.valueOf(text)
                    : type == Double.class ? (Object) Double.valueOf(text) : text;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a number", e);
        }
        T result = type.cast(parsed);
        if (!choices.isEmpty() && !choices.contains(result)) {
            throw new IllegalArgumentException("'" + text + "' is none of " + choices);
        }
        return result;
    }

    private static Boolean bool(String text) {
        if (text.equals("true") || text.equals("false")) {
            return Boolean.valueOf(text);
        }
        throw new IllegalArgumentException("'" + text + "' is neither true nor false");
    }

    /** A comma-separated text as a list. */
    public static List<String> list(String text) {
        return text.isBlank() ? List.of() : Arrays.stream(text.split(",")).map(String::trim).toList();
    }
}
