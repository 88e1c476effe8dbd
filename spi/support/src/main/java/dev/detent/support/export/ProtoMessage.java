package dev.detent.support.export;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * A message of protobuf's text form: fields in order, a repeated one once per value. To write, {@link #add}; to read,
 * ask for what must be there: a file that has something else is a UserException that names file and line.
 */
public final class ProtoMessage {

    /** A word without quotes, such as the value of an enum. */
    public record Symbol(String name) {}

    /**
     * @param value a String, a Number, a Symbol or a ProtoMessage
     * @param line where it stands; 0 when it was not read
     */
    record Field(String name, Object value, int line) {}

    private final String file;
    private final int line;
    private final boolean oneLine;
    private final List<Field> fields = new ArrayList<>();

    ProtoMessage(String file, int line, boolean oneLine) {
        this.file = file;
        this.line = line;
        this.oneLine = oneLine;
    }

    /** An empty message to be written, with a line for each field. */
    public static ProtoMessage create() {
        return new ProtoMessage("", 0, false);
    }

    /** An empty message to be written in one line. */
    public static ProtoMessage oneLine() {
        return new ProtoMessage("", 0, true);
    }

    boolean isOneLine() {
        return oneLine;
    }

    List<Field> fields() {
        return Collections.unmodifiableList(fields);
    }

    void add(Field field) {
        fields.add(field);
    }

    /** @param value a String (quoted), a Number, a {@link Symbol} or a ProtoMessage */
    public ProtoMessage add(String field, Object value) {
        fields.add(new Field(field, value, 0));
        return this;
    }

    /** Whether it has no fields. */
    public boolean isEmpty() {
        return fields.isEmpty();
    }

    /** The messages in a repeated field. */
    public List<ProtoMessage> messages(String field) {
        return values(field).map(f -> of(f, ProtoMessage.class, "a message")).toList();
    }

    /** The messages in any of the named fields, each with the name of its field, in the file's order. */
    public List<ProtoMessage> messagesOf(List<String> names) {
        return fields.stream()
                .filter(f -> names.contains(f.name()))
                .map(f -> of(f, ProtoMessage.class, "a message"))
                .toList();
    }

    /** The message in a field, which must have one. */
    public ProtoMessage message(String field) {
        return of(one(field), ProtoMessage.class, "a message");
    }

    /** The string in a field, which must have one. */
    public String text(String field) {
        return of(one(field), String.class, "a string");
    }

    /** The number in a field, which must have one. */
    public float number(String field) {
        return of(one(field), Number.class, "a number").floatValue();
    }

    /** Whether the field is there. */
    public boolean has(String field) {
        return values(field).findFirst().isPresent();
    }

    /** The numbers in a repeated field. */
    public float[] numbers(String field) {
        List<Float> all = values(field)
                .map(f -> of(f, Number.class, "a number").floatValue())
                .toList();
        float[] numbers = new float[all.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = all.get(i);
        }
        return numbers;
    }

    private Stream<Field> values(String field) {
        return fields.stream().filter(f -> f.name().equals(field));
    }

    private Field one(String field) {
        return values(field)
                .findFirst()
                .orElseThrow(() -> SideFileCodec.damaged(
                        file, line == 0 ? "" : "line " + line, "lacks the field '" + field + "'"));
    }

    private <T> T of(Field f, Class<T> type, String wanted) {
        if (!type.isInstance(f.value())) {
            throw SideFileCodec.damaged(
                    file, "line " + f.line(), "has no " + wanted.substring(2) + " in the field '" + f.name() + "'");
        }
        return type.cast(f.value());
    }
}
