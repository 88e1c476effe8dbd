package dev.detent.runtime;

import dev.detent.spi.graph.ElementType;
import java.nio.ByteBuffer;
import java.util.Map;

/** One calibration or evaluation sample: a tensor per model input. */
public record Sample(Map<String, Input> inputs) {

    /**
     * @param shape with the batch dimension
     * @param data direct, little-endian, from position to limit
     */
    public record Input(ElementType type, long[] shape, ByteBuffer data) {}

    public Sample {
        inputs = Map.copyOf(inputs);
    }
}
