package dev.detent.passes.dispatching;

import java.util.Set;

/** Operator families the dispatchers tell apart. */
final class Operators {

    static final Set<String> COMPUTING = Set.of("Conv", "Gemm", "ConvTranspose", "MatMul");

    /** Operators whose first input alone carries the value. */
    static final Set<String> FIRST_INPUT_ONLY = Set.of("Reshape", "Slice", "Gather", "Pad", "Resize", "Split", "TopK", "Tile", "Expand",
            "RoiAlign", "MMCVRoiAlign");

    /** Where value tracing ends: these make shapes or indices. */
    static final Set<String> SHAPE_SOURCES = Set.of("Shape", "TopK", "NonMaxSuppression");

    static final Set<String> LINEAR_ACTIVATIONS = Set.of("Relu", "Clip");

    private Operators() {}
}
