package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/** What one may ask of a config. Each verb is a row (or several) of the kernel's transition table. */
@Stable(since = "1.0")
public enum Transition {
    /** Gives an INITIAL config its parameters. */
    CALIBRATE,
    /** Takes a calibrated or derived config back to waiting. */
    RECALIBRATE,
    /** Puts a config, and the group it heads, under the root of another. */
    OVERLAP,
    /** Lets a config follow a master, detached from its former parent. */
    ENSLAVE,
    /** Lets the root of a config's group follow a master; the config's own state stays. */
    ENSLAVE_GROUP,
    /** Makes a config its own root with new parameters: the master of an alignment. */
    LEAD,
    /** Declares a waiting config passive: it will be derived from others. */
    AWAIT,
    /** Gives a passive config the parameters derived for it. */
    DERIVE,
    /** Replaces a parameter's values by their quantized form, for good. */
    BAKE,
    /** Leaves a waiting config in floating point. */
    KEEP_FLOAT,
    /** Declares a waiting config a shape or an index. */
    MARK_SHAPE,
    /** Switches a config off for good, or until {@link #REACTIVATE}. */
    DEACTIVATE,
    /** Takes {@link #DEACTIVATE} back. */
    REACTIVATE,
    /** Switches a config off inside a scope. */
    SUSPEND,
    /** End of the scope: the former state returns. Whoever may ask for {@link #SUSPEND} may close its scope. */
    RESUME,
    /** Changes the scheme of a waiting config; the state stays. */
    REVISE
}
