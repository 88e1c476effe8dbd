package dev.detent.host.search;

/**
 * What the true evaluation of a mix said.
 *
 * @param mix what was tried
 * @param score how far the goal is held: from 0 on it is; below, by how much it is missed, in the goal's unit
 * @param damage what is lost against the float model on a scale that goes with the root of the noise: the share of
 *     decisions that changed, or the root of noise over signal; it tells how much less noise is needed
 */
public record Trial(Mix mix, double score, double damage) {

    /** The goal is held. */
    public boolean holds() {
        return score >= 0;
    }
}
