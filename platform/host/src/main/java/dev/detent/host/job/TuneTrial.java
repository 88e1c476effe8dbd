package dev.detent.host.job;

import dev.detent.host.search.Trial;

/**
 * One mix, quantized and evaluated.
 *
 * @param number 0 is the target's own rules
 * @param in8Bits share of all multiply-adds whose activations have at most 8 bits, 0..1; what the target itself leaves
 *     in float is not among them
 * @param shown the score that counts, for people
 */
public record TuneTrial(int number, Trial trial, double in8Bits, String shown) {

    /** The goal is held. */
    public boolean holds() {
        return trial.holds();
    }

    /** So many groups of nodes are wider than the target's own rules say. */
    public int groups() {
        return trial.mix().promoted().size();
    }
}
