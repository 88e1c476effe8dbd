package dev.detent.runtime;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Slot;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network that differs from one of its two bases at some slots. Several slots may change at once.
 *
 * @param base what holds at all other slots
 * @param encodings by slot of an activation that quantizes: what it does instead; empty for nothing
 * @param constants by slot of an initializer that has float values too: the values that are read there instead. Who
 *     means the same values hands in the same tensor
 * @param reads slots of inputs for which alone it is the other way: on the quantized base they read what the producer
 *     computed before anybody quantizes it, on the float base what the configs make of it. Where ONNX Runtime computes
 *     a reader together with others in one segment, it is so for all of them
 */
public record Variant(
        Base base, Map<Slot, Optional<FakeQuantizer>> encodings, Map<Slot, Tensor> constants, Set<Slot> reads) {

    /** What a variant differs from. */
    public enum Base {
        /** Nothing is quantized; constants are those of the float model. */
        FLOAT,
        /** Everything is quantized as the configs say. */
        QUANTIZED
    }

    public Variant {
        encodings = Map.copyOf(encodings);
        constants = Map.copyOf(constants);
        reads = Set.copyOf(reads);
    }
}
