package dev.detent.support.operator;

/** What an input means to its operator. */
public enum InputRole {
    /** Activations: what flows through the network. */
    DATA,
    /** What the data are multiplied with: a kernel or a matrix, constant as a rule. */
    WEIGHT,
    /** Added to the products, one value per output channel. */
    BIAS,
    /** Other numbers that the operator computes with: slopes, scale and mean of a norm, window functions. */
    PARAMETER,
    /** Decides how large the output is or which part of the input it takes: shapes, pads, starts, repeats, scales. */
    SHAPE,
    /** Axes to work along. */
    AXES,
    /** Integers that say which elements. */
    INDEX,
    /** Floats that say where to look: sampling grids, regions of interest, offsets and how much each of them counts. */
    PLACE,
    /** The value that new elements take. */
    FILL,
    /** Limits that values are held within or compared with. */
    BOUND,
    /** Yes or no: of If, Loop and Where. */
    CONDITION,
    /** Scale or zero point of a quantized tensor. */
    QPARAM;

    /** Decides the shape of an output, so that the shape is unknown unless this input is. */
    public boolean decidesShape() {
        return this == SHAPE || this == AXES;
    }

    /** Only tells the operator what to do with its data: no element of this input comes out as a result. */
    public boolean steers() {
        return switch (this) {
            case SHAPE, AXES, INDEX, PLACE, FILL -> true;
            default -> false;
        };
    }
}
