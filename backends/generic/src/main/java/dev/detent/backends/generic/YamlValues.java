package dev.detent.backends.generic;

import dev.detent.spi.problem.UserException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The values of a YAML file as the types they should have. One that has another is a UserException that names file and
 * key.
 */
record YamlValues(String file) {

    /** A constant of an enum, written in lower case with hyphens. */
    <E extends Enum<E>> E value(Class<E> type, String key, Object text) {
        try {
            return Enum.valueOf(
                    type, String.valueOf(text).toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            List<String> names = List.of(type.getEnumConstants()).stream()
                    .map(c -> c.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .toList();
            throw wrong(key, text, "one of " + names);
        }
    }

    /** A list of texts; a single one counts as a list of one. */
    List<String> list(Object value) {
        return value instanceof List<?> l ? l.stream().map(String::valueOf).toList() : List.of(String.valueOf(value));
    }

    String text(Map<String, Object> m, String key) {
        Object value = m.get(key);
        if (value == null || value instanceof String blank && blank.isBlank()) {
            throw missing(key, "");
        }
        if (value instanceof String s) {
            return s;
        }
        // YAML takes 1.0, yes and [a] for a number, a truth and a list.
        throw wrong(key, value, "text, in quotes where it looks like something else");
    }

    long number(String key, Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw wrong(key, value, "a whole number");
    }

    boolean flag(Map<String, Object> m, String key, boolean otherwise) {
        Object value = m.getOrDefault(key, otherwise);
        if (value instanceof Boolean b) {
            return b;
        }
        throw wrong(key, value, "true or false");
    }

    Map<String, Object> map(@Nullable Object value, String key) {
        if (!(value instanceof Map<?, ?> m)) {
            throw wrong(key, String.valueOf(value), "a map");
        }
        Map<String, Object> typed = new LinkedHashMap<>();
        m.forEach((k, v) -> typed.put(String.valueOf(k), v));
        return typed;
    }

    /** Refuses keys that are none of those allowed. */
    void refuseOthers(Set<String> keys, Set<String> allowed, String prefix) {
        for (String k : keys) {
            if (!allowed.contains(k)) {
                throw new UserException(
                        GenericProblems.UNKNOWN_KEY,
                        "has the unknown key '" + prefix + k + "'; known are " + new TreeSet<>(allowed),
                        file);
            }
        }
    }

    UserException missing(String key, String what) {
        return new UserException(GenericProblems.KEY_MISSING, "needs the key '" + key + "'" + what, file);
    }

    UserException wrong(String key, Object value, String allowed) {
        return new UserException(
                GenericProblems.VALUE, "'" + key + "' must be " + allowed + ", not '" + value + "'", file);
    }
}
