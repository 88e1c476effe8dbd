package dev.detent.caffe;

import dev.detent.spi.graph.Attribute;
import java.util.Arrays;

/** Attributes of ONNX's nodes, shortly written. */
final class Attributes {

    private Attributes() {}

    static Attribute of(long value) {
        return new Attribute.IntValue(value);
    }

    static Attribute of(float value) {
        return new Attribute.FloatValue(value);
    }

    static Attribute of(String value) {
        return new Attribute.StringValue(value);
    }

    static Attribute of(long[] values) {
        return new Attribute.Ints(Arrays.stream(values).boxed().toList());
    }
}
