package dev.detent.passes.dispatching;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Operator families the dispatchers tell apart. */
final class Operators {

    static final Set<String> COMPUTING = Set.of("Conv", "Gemm", "ConvTranspose", "MatMul");

    /** Operators whose first input alone carries the value. */
    static final Set<String> FIRST_INPUT_ONLY = Set.of(
            "Reshape",
            "Slice",
            "Gather",
            "Pad",
            "Resize",
            "Split",
            "TopK",
            "Tile",
            "Expand",
            "RoiAlign",
            "MMCVRoiAlign");

    /** The same for {@link ActivationFlowDispatcher}: the other inputs are shapes, indices or places to look at. */
    static final Set<String> LED_BY_OTHER_INPUTS = Stream.concat(
                    FIRST_INPUT_ONLY.stream(), Stream.of("GridSample", "MaxRoiPool", "DeformConv"))
            .collect(Collectors.toUnmodifiableSet());

    /** Where value tracing ends: these make shapes or indices. */
    static final Set<String> SHAPE_SOURCES = Set.of("Shape", "TopK", "NonMaxSuppression");

    static final Set<String> LINEAR_ACTIVATIONS = Set.of("Relu", "Clip");

    private Operators() {}
}
