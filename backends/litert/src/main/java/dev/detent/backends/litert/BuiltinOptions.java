package dev.detent.backends.litert;

import com.google.flatbuffers.FlatBufferBuilder;
import java.util.ArrayList;
import java.util.List;

/** Fields of an operator's options table, by their ids in schema.fbs; fields at their default may be left out. */
final class BuiltinOptions {

    /** What is fused behind an operator: ActivationFunctionType. */
    enum Activation {
        NONE,
        RELU,
        RELU_N1_TO_1,
        RELU6
    }

    private interface Field {
        void add(FlatBufferBuilder b);
    }

    private final List<Field> fields = new ArrayList<>();
    private int slots;

    static BuiltinOptions none() {
        return new BuiltinOptions();
    }

    /** An int field. */
    BuiltinOptions integer(int id, long value) {
        return field(id, b -> b.addInt(id, Math.toIntExact(value), 0));
    }

    /** An int field whose default is 1. */
    BuiltinOptions factor(int id, long value) {
        return field(id, b -> b.addInt(id, Math.toIntExact(value), 1));
    }

    /** A field of an enumeration of bytes. */
    BuiltinOptions choice(int id, Enum<?> value) {
        return field(id, b -> b.addByte(id, (byte) value.ordinal(), 0));
    }

    BuiltinOptions flag(int id, boolean value) {
        return field(id, b -> b.addBoolean(id, value, false));
    }

    /** A flag whose default is true. */
    BuiltinOptions flagUnlessTrue(int id, boolean value) {
        return field(id, b -> b.addBoolean(id, value, true));
    }

    BuiltinOptions number(int id, float value) {
        return field(id, b -> b.addFloat(id, value, 0));
    }

    private BuiltinOptions field(int id, Field field) {
        fields.add(field);
        slots = Math.max(slots, id + 1);
        return this;
    }

    /** Its place in the buffer. */
    int write(FlatBufferBuilder b) {
        b.startTable(slots);
        fields.forEach(f -> f.add(b));
        return b.endTable();
    }
}
