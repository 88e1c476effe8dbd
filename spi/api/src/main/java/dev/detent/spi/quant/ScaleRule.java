package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/** Which code the largest magnitude of a symmetric range falls on. */
@Stable(since = "1.0")
public enum ScaleRule {
    /** s = 2 max / (qmax - qmin): PPQ's and MQBench's; with [-128, 127] the maximum lands on 127.5. */
    SPAN,
    /** s = max / qmax: TensorRT's amax / 127, ONNX Runtime's symmetric weights. */
    MAGNITUDE
}
