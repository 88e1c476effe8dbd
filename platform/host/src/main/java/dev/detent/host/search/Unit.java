package dev.detent.host.search;

import java.util.List;

/**
 * What the target lets change together: a node with the activation that is fused into it.
 *
 * @param name name of its first node
 * @param choices the ways it can be; the plain one, that of the target's own rules, first
 */
public record Unit(String name, List<Choice> choices) {

    /** Copies the list. */
    public Unit {
        choices = List.copyOf(choices);
        if (choices.isEmpty()) {
            throw new IllegalArgumentException("unit '" + name + "' can be nothing");
        }
    }
}
