package dev.detent.support.export;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value in a JSON file, with the way to it. To write, {@link #of} an ordered map; to read, ask for what must be
 * there: a file that has something else at that place is a UserException that names file and key.
 *
 * @param file name of the file
 * @param path keys and positions from the file's root, e.g. {@code quant_info.conv1.scale}
 * @param tree maps, lists, strings, numbers and booleans
 */
public record JsonValue(String file, String path, @Nullable Object tree) {

    /** A document to be written: an object with the given keys and values, alternately, in this order. */
    public static JsonValue of(Object... keysAndValues) {
        return of(object(keysAndValues));
    }

    /** A document to be written. */
    public static JsonValue of(Map<String, ?> object) {
        return new JsonValue("", "", object);
    }

    /** An object of the given keys and values, alternately, in this order. */
    public static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    /** The value at {@code key} of this object, which must have one. */
    public JsonValue get(String key) {
        return find(key).orElseThrow(() -> SideFileCodec.damaged(file, path, "lacks the key '" + key + "'"));
    }

    /** The value at {@code key} of this object. */
    public Optional<JsonValue> find(String key) {
        Map<?, ?> map = map();
        return map.containsKey(key) ? Optional.of(field(key, map.get(key))) : Optional.empty();
    }

    /** The fields of this object, in the file's order. */
    public Map<String, JsonValue> fields() {
        Map<String, JsonValue> fields = new LinkedHashMap<>();
        map().forEach((key, value) -> fields.put(String.valueOf(key), field(String.valueOf(key), value)));
        return fields;
    }

    private Map<?, ?> map() {
        if (!(tree instanceof Map<?, ?> map)) {
            throw wrong("an object");
        }
        return map;
    }

    private JsonValue field(String key, @Nullable Object value) {
        return new JsonValue(file, path.isEmpty() ? key : path + "." + key, value);
    }

    /** Whether this is a list. */
    public boolean isList() {
        return tree instanceof List<?>;
    }

    /** The elements of this list. */
    public List<JsonValue> elements() {
        if (!(tree instanceof List<?> list)) {
            throw wrong("a list");
        }
        List<JsonValue> elements = new ArrayList<>();
        for (Object element : list) {
            elements.add(new JsonValue(file, path + "[" + elements.size() + "]", element));
        }
        return elements;
    }

    /** The first element of this list, which must have one. */
    public JsonValue first() {
        return elements().stream().findFirst().orElseThrow(() -> SideFileCodec.damaged(file, path, "is an empty list"));
    }

    /**
     * This string.
     *
     * @throws dev.detent.spi.problem.UserException naming file and key, where it is none
     */
    public String text() {
        if (!(tree instanceof String text)) {
            throw wrong("a string");
        }
        return text;
    }

    /**
     * This number.
     *
     * @throws dev.detent.spi.problem.UserException naming file and key, where it is none
     */
    public double number() {
        if (!(tree instanceof Number number)) {
            throw wrong("a number");
        }
        return number.doubleValue();
    }

    /** A number, or a list of numbers. */
    public float[] floats() {
        List<JsonValue> values = isList() ? elements() : List.of(this);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values.get(i).number();
        }
        return floats;
    }

    private RuntimeException wrong(String wanted) {
        String there = tree instanceof Map<?, ?>
                ? "an object"
                : tree instanceof List<?> ? "a list" : tree instanceof String s ? "'" + s + "'" : String.valueOf(tree);
        return SideFileCodec.damaged(file, path, "has " + there + " where " + wanted + " should be");
    }
}
