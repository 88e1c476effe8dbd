package dev.detent.spi.pass;

/** Where a node runs. */
public enum Placement {
    /** On the target if it supports the operator, else in float. */
    QUANTIZED,
    FLOAT,
    /** Computes shapes or indices; never quantized. */
    SHAPE
}
