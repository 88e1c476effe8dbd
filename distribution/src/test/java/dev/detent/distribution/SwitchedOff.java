package dev.detent.distribution;

import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A quantization without the configs of some slots. */
record SwitchedOff(Quantization all, Set<Slot> slots) implements Quantization {

    private boolean isOn(TensorQuantization c) {
        return !slots.contains(c.slot());
    }

    @Override
    public Collection<? extends TensorQuantization> configs() {
        return all.configs().stream().filter(this::isOn).toList();
    }

    @Override
    public Optional<? extends TensorQuantization> config(Slot slot) {
        return all.config(slot).filter(this::isOn);
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
        return all.inputs(node).stream().filter(this::isOn).toList();
    }

    @Override
    public List<? extends TensorQuantization> outputs(Node node) {
        return all.outputs(node).stream().filter(this::isOn).toList();
    }
}
