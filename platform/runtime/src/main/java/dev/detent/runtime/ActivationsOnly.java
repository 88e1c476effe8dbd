package dev.detent.runtime;

import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The configs without those of some initializers, whose values come quantized. */
record ActivationsOnly(Quantization all, Set<String> without) implements Quantization {

    private boolean isSeen(TensorQuantization config) {
        return !without.contains(config.value());
    }

    @Override
    public Collection<? extends TensorQuantization> configs() {
        return all.configs().stream().filter(this::isSeen).toList();
    }

    @Override
    public Optional<? extends TensorQuantization> config(Slot slot) {
        return all.config(slot).filter(this::isSeen);
    }

    @Override
    public boolean isQuantized(Node node) {
        return all.isQuantized(node);
    }

    @Override
    public boolean isPassive(Node node) {
        return all.isPassive(node);
    }

    @Override
    public String target(Node node) {
        return all.target(node);
    }

    @Override
    public List<? extends TensorQuantization> inputs(Node node) {
        return all.inputs(node).stream().filter(this::isSeen).toList();
    }

    @Override
    public List<? extends TensorQuantization> outputs(Node node) {
        return all.outputs(node);
    }
}
