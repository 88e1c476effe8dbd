package dev.detent.spi.option;

import dev.detent.spi.Stable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A typed option. Its name is {@code pass.option} on the command line and in YAML.
 *
 * @param name lower-case words joined by {@code -}
 * @param choices allowed values of a choice; empty for other types
 * @param least smallest allowed value of a number
 * @param most largest allowed value of a number
 * @param help one sentence
 */
@Stable(since = "1.0")
public record Option<T>(
        String name, Class<T> type, T defaultValue, List<T> choices, double least, double most, String help) {

    private static final double ANY = Double.POSITIVE_INFINITY;

    /** True or false. */
    public static Option<Boolean> flag(String name, boolean defaultValue, String help) {
        return new Option<>(name, Boolean.class, defaultValue, List.of(), -ANY, ANY, help);
    }

    /** A whole number of 32 bits. */
    public static Option<Integer> integer(String name, int defaultValue, String help) {
        return new Option<>(name, Integer.class, defaultValue, List.of(), -ANY, ANY, help);
    }

    /** A number; NaN is refused where a bound is set. */
    public static Option<Double> number(String name, double defaultValue, String help) {
        return new Option<>(name, Double.class, defaultValue, List.of(), -ANY, ANY, help);
    }

    /** Any text. */
    public static Option<String> text(String name, String defaultValue, String help) {
        return new Option<>(name, String.class, defaultValue, List.of(), -ANY, ANY, help);
    }

    /** One of some words; the list is copied. */
    public static Option<String> choice(String name, String defaultValue, List<String> choices, String help) {
        return new Option<>(name, String.class, defaultValue, List.copyOf(choices), -ANY, ANY, help);
    }

    /** The same option of numbers that are no smaller. */
    public Option<T> atLeast(double value) {
        return new Option<>(name, type, defaultValue, choices, value, most, help);
    }

    /** The same option of numbers that are no larger. */
    public Option<T> atMost(double value) {
        return new Option<>(name, type, defaultValue, choices, least, value, help);
    }

    /**
     * Reads a value as typed by a person or as found in YAML; throws IllegalArgumentException with the sentence to
     * show.
     */
    public T parse(Object value) {
        Object parsed;
        String text = value instanceof List<?> l
                ? l.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value);
        try {
            parsed = type == Boolean.class
                    ? bool(text)
                    : type == Integer.class
                            ? (Object) Integer.valueOf(text)
                            : type == Double.class ? (Object) Double.valueOf(text) : text;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a number", e);
        }
        T result = type.cast(parsed);
        if (!choices.isEmpty() && !choices.contains(result)) {
            throw new IllegalArgumentException("'" + text + "' is none of " + choices);
        }
        if (result instanceof Number n && !(n.doubleValue() >= least && n.doubleValue() <= most)) {
            throw new IllegalArgumentException("'" + text + "' is not " + bounds());
        }
        return result;
    }

    private String bounds() {
        String from = type == Integer.class ? String.valueOf((long) least) : String.valueOf(least);
        String to = type == Integer.class ? String.valueOf((long) most) : String.valueOf(most);
        return most == ANY
                ? "a number of at least " + from
                : least == -ANY ? "a number of at most " + to : "between " + from + " and " + to;
    }

    private static Boolean bool(String text) {
        if (text.equals("true") || text.equals("false")) {
            return Boolean.valueOf(text);
        }
        throw new IllegalArgumentException("'" + text + "' is neither true nor false");
    }

    /** A comma-separated text as a list. */
    public static List<String> list(String text) {
        return text.isBlank()
                ? List.of()
                : Arrays.stream(text.split(",")).map(String::trim).toList();
    }
}
