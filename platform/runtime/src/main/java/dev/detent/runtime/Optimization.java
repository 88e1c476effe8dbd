package dev.detent.runtime;

/**
 * How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs nodes as they stand, but fast. EXACT rewrites as
 * ALL does, with integer kernels whose sums cannot overflow: its usual ones do on x64 CPUs without VNNI.
 */
public enum Optimization { NONE, ALL, ASIS, EXACT }
