package dev.detent.host.job;

import dev.detent.host.search.Trial;

/**
 * One mix, quantized and evaluated.
 *
 * @param number 0 is the target's own rules
 * @param wideShare share of all multiply-adds that are computed with more than the target's own bits, 0..1
 * @param shown the score that counts, for people
 */
public record TuneTrial(int number, Trial trial, double wideShare, String shown) {

    /** The goal is held. */
    public boolean holds() {
        return trial.holds();
    }

    /** So many groups of nodes are wider than the target's own rules say. */
    public int groups() {
        return trial.mix().promoted().size();
    }
}
