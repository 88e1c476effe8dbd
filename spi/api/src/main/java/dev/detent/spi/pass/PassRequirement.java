package dev.detent.spi.pass;

/** What a pass needs from the host beside graph and configs. */
public enum PassRequirement {
    SAMPLES
}
