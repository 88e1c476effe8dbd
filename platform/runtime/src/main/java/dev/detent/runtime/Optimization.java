package dev.detent.runtime;

/** How far ONNX Runtime may rewrite a graph. NONE is the oracle, ALL the fast way. */
public enum Optimization { NONE, ALL }
