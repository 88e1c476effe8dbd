package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.List;

/** An attribute of a node. Records compare by content; lists are immutable. */
@Stable(since = "1.0")
public sealed interface Attribute {

    /** A whole number (ONNX {@code INT}). */
    record IntValue(long value) implements Attribute {}

    /** A float32 (ONNX {@code FLOAT}). */
    record FloatValue(float value) implements Attribute {}

    /** UTF-8 text (ONNX {@code STRING}). */
    record StringValue(String value) implements Attribute {}

    /** A constant tensor (ONNX {@code TENSOR}). */
    record TensorValue(Tensor value) implements Attribute {}

    /** Whole numbers (ONNX {@code INTS}). */
    record Ints(List<Long> values) implements Attribute {
        /** Copies the list. */
        public Ints {
            values = List.copyOf(values);
        }
    }

    /** Float32 numbers (ONNX {@code FLOATS}). */
    record Floats(List<Float> values) implements Attribute {
        /** Copies the list. */
        public Floats {
            values = List.copyOf(values);
        }
    }

    /** Texts (ONNX {@code STRINGS}). */
    record Strings(List<String> values) implements Attribute {
        /** Copies the list. */
        public Strings {
            values = List.copyOf(values);
        }
    }

    /**
     * A subgraph (If, Loop, Scan) kept as it is.
     *
     * @param captured names of outer values the subgraph reads; they count as consumers of those values
     */
    record Subgraph(List<String> captured, UnmodeledProto content) implements Attribute {
        /** Copies the list. */
        public Subgraph {
            captured = List.copyOf(captured);
        }
    }

    /** Anything else: types, sparse tensors, non-UTF-8 strings, attributes that refer to a function's attribute. */
    record Other(UnmodeledProto content) implements Attribute {}
}
