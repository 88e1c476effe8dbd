package dev.detent.runtime;

/**
 * How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs nodes as they stand, but
 * fast. EXACT rewrites as ALL does, with integer kernels whose sums cannot overflow: its usual ones do on x64 CPUs
 * without VNNI. ONNX Runtime (1.28) then refuses some operators of signed activations; such a model runs as under NONE.
 */
public enum OrtOptimizationLevel {
    NONE,
    ALL,
    ASIS,
    EXACT
}
