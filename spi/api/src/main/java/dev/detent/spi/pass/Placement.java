package dev.detent.spi.pass;

import dev.detent.spi.Stable;

/** Where a node runs. */
@Stable(since = "1.0")
public enum Placement {
    /** On the target if it supports the operator, else in float. */
    QUANTIZED,
    /** In float: no config, nothing is quantized. */
    FLOAT,
    /** Computes shapes or indices; never quantized. */
    SHAPE
}
