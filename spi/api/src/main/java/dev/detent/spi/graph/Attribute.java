package dev.detent.spi.graph;

import java.util.List;

/** An attribute of a node. Records compare by content; lists are immutable. */
public sealed interface Attribute {

    record IntValue(long value) implements Attribute {}

    record FloatValue(float value) implements Attribute {}

    record StringValue(String value) implements Attribute {}

    record TensorValue(Tensor value) implements Attribute {}

    record Ints(List<Long> values) implements Attribute {
        public Ints {
            values = List.copyOf(values);
        }
    }

    record Floats(List<Float> values) implements Attribute {
        public Floats {
            values = List.copyOf(values);
        }
    }

    record Strings(List<String> values) implements Attribute {
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
        public Subgraph {
            captured = List.copyOf(captured);
        }
    }

    /** Anything else: types, sparse tensors, non-UTF-8 strings, attributes that refer to a function's attribute. */
    record Other(UnmodeledProto content) implements Attribute {}
}
