package dev.detent.runtime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.Optional;

/** Declarations for graphs of tests. */
final class TestValues {

    private TestValues() {}

    /** A value of whatever type and shape. */
    static ValueInfo unknown(String name) {
        return new ValueInfo(name, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE);
    }
}
