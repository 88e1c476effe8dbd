package dev.detent.runtime;

/**
 * How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs what ALL has made. PAIRS keeps Q/DQ pairs as they
 * are: from its extended level on ONNX Runtime (1.28 and 1.32) takes 8-bit floating-point codes for integers and computes nonsense.
 */
public enum Optimization { NONE, ALL, PAIRS, ASIS }
