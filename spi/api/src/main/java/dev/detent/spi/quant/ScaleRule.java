package dev.detent.spi.quant;

/** Which code the largest magnitude of a symmetric range falls on. */
public enum ScaleRule {
    /** s = 2 max / (qmax - qmin): PPQ's and MQBench's; with [-128, 127] the maximum lands on 127.5. */
    SPAN,
    /** s = max / qmax: TensorRT's amax / 127, ONNX Runtime's symmetric weights. */
    MAGNITUDE
}
