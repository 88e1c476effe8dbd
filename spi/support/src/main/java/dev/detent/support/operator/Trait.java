package dev.detent.support.operator;

import java.util.Locale;

/** What kind of operator it is, for rules that hold for all of a kind; {@link OperatorTable#types} lists them. */
public enum Trait {
    /** Multiplies its data by one weight, input 1, and may add a bias, input 2: what quantization is made for. */
    WEIGHTED,
    /** Goes through a sequence with the same weights W and R, inputs 1 and 2, at every step. */
    RECURRENT,
    /** Combines tensors element by element. */
    ELEMENT_WISE,
    /** Takes the mean or the maximum of windows. */
    POOLING,
    /** Moves, selects or repeats elements of input 0; integer runtimes pass the codes through. */
    MOVES,
    /** An element-wise function that integer kernels have or fuse. */
    ACTIVATION,
    /** Outputs are probabilities in [0, 1]. */
    PROBABILITY,
    /** No output is negative, whatever goes in. */
    NON_NEGATIVE,
    /** No output is negative when input 0 is not. */
    KEEPS_SIGN,
    /** No output is negative when no input is. */
    JOINS_SIGNS,
    /** The result depends on the shape of the input alone. */
    SHAPE_ONLY,
    /** How many elements an output has depends on the values of the inputs, and not on their shapes alone. */
    SIZED_BY_DATA,
    /** Different at every run. */
    RANDOM,
    /** ONNX no longer has it; ONNX Runtime may still run it. */
    WITHDRAWN;

    static Trait of(String word) {
        return valueOf(word.replace('-', '_').toUpperCase(Locale.ROOT));
    }
}
