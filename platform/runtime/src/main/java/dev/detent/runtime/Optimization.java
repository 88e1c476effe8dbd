package dev.detent.runtime;

/**
 * How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs what ALL has made. PAIRS is ALL without the
 * fusion of Q/DQ pairs into integer operators, which does not ask whether the codes are integers.
 */
public enum Optimization { NONE, ALL, PAIRS, ASIS }
