package dev.detent.runtime;

/** How far ONNX Runtime may rewrite a graph: NONE is the oracle, ALL the fast way, ASIS runs what ALL has made. */
public enum Optimization { NONE, ALL, ASIS }
