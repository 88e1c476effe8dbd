package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/**
 * The life of a quantization config. Names and numbers are PPQ 0.6.5's and do not change. Nobody compares states at
 * call sites; one asks a question.
 */
@Stable(since = "1.0")
public enum QuantizationState {
    /** Created, waiting for calibration. */
    INITIAL(1),
    /** A parameter whose values have been replaced by their quantized-dequantized form. */
    BAKED(2),
    /** Covered by its root: nothing happens at this slot, the root's parameters are read through. */
    OVERLAPPED(3),
    /** Quantizes with its master's parameters. */
    SLAVE(4),
    /** Switched off by a rule of the user's, for good: float in the finished model. A pass may switch it on again. */
    DEACTIVATED(5),
    /** Quantizes with its own parameters. */
    ACTIVATED(6),
    /** Switched off for a while, to see what the rest costs; the former state comes back. */
    DEQUANTIZED(7),
    /** Shape or index: never quantized. */
    SOI(8),
    /** Quantizes with parameters derived from other configs (bias, pad value). */
    PASSIVE(9),
    /** Waiting for the configs it is derived from. */
    PASSIVE_INIT(10),
    /** A baked passive parameter. */
    PASSIVE_BAKED(11),
    /** Left in floating point by rule. */
    FP32(12);

    private final int code;

    QuantizationState(int code) {
        this.code = code;
    }

    /** PPQ's number of this state. */
    public int code() {
        return code;
    }

    /** A simulator quantizes at this slot. */
    public boolean isActive() {
        return this == ACTIVATED || this == PASSIVE || this == SLAVE;
    }

    /** The parameter's values are quantized already. */
    public boolean isBaked() {
        return this == BAKED || this == PASSIVE_BAKED;
    }

    /** The slot has quantization parameters of its own to write into an artefact. */
    public boolean isWritten() {
        return isActive() || isBaked();
    }

    /** A finished model may hold this state: nothing is left to be done for the config. */
    public boolean isSettled() {
        return !(this == INITIAL || this == DEQUANTIZED || this == PASSIVE_INIT);
    }

    /** Passive configs may be derived from a config in this state. */
    public boolean lendsScale() {
        return this == SLAVE || this == ACTIVATED || this == BAKED || this == OVERLAPPED;
    }

    /** Aligned configs may follow a config in this state. */
    public boolean canLead() {
        return this == ACTIVATED || this == OVERLAPPED || this == SLAVE;
    }

    /** Other configs may be covered by a root in this state: they share whatever becomes of it. */
    public boolean canCover() {
        return this == INITIAL
                || this == ACTIVATED
                || this == SLAVE
                || this == PASSIVE_INIT
                || this == PASSIVE
                || this == FP32;
    }

    /** Quantizes with parameters that an observer found, or that an alignment gave it to lead with. */
    public boolean isCalibrated() {
        return this == ACTIVATED;
    }

    /** An observer has yet to give it parameters. */
    public boolean awaitsCalibration() {
        return this == INITIAL;
    }

    /** Its parameters are yet to be derived from other configs. */
    public boolean awaitsDerivation() {
        return this == PASSIVE_INIT;
    }

    /** Its parameters are derived from other configs, or will be. */
    public boolean isPassive() {
        return this == PASSIVE || this == PASSIVE_INIT || this == PASSIVE_BAKED;
    }

    /** Another config in front of it quantizes the value already. */
    public boolean isCovered() {
        return this == OVERLAPPED;
    }

    /** It reads its parameters through another config. */
    public boolean isFollower() {
        return this == SLAVE;
    }

    /** Stays in floating point in the finished model: by the target's rule, or switched off by the user's. */
    public boolean isFloat() {
        return this == FP32 || this == DEACTIVATED;
    }

    /** It holds shapes or indices and is never quantized. */
    public boolean isShape() {
        return this == SOI;
    }

    /** By a rule, or for a while. */
    public boolean isSwitchedOff() {
        return this == DEACTIVATED || this == DEQUANTIZED;
    }
}
