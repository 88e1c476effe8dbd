package dev.detent.host.rules;

import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.quant.Slot;
import java.util.List;

/**
 * What a rule hits in a model on a target.
 *
 * @param nodes names of the nodes that are matched, quantized or not, in graph order
 * @param slots those at which the rule has a say in the end; a later rule may have taken others from it
 */
public record RuleHits(Rule rule, List<String> nodes, List<Hit> slots) {

    /**
     * One slot.
     *
     * @param value the tensor it carries
     * @param before the target's rule
     * @param after what all rules together make of it
     */
    public record Hit(Slot slot, String value, TensorRule before, TensorRule after) {}

    /** Copies the lists. */
    public RuleHits {
        nodes = List.copyOf(nodes);
        slots = List.copyOf(slots);
    }
}
