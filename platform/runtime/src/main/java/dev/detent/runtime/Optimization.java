package dev.detent.runtime;

/** How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs nodes as they stand, but fast. */
public enum Optimization { NONE, ALL, ASIS }
