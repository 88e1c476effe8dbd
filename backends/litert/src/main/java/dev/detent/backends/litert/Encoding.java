package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.quant.QuantizationParameters;

/**
 * How codes stand for numbers.
 *
 * @param axis of the file's tensor along which scales lie; 0 where there is one
 */
record Encoding(ElementType type, QuantizationParameters parameters, int axis) {

    Encoding along(int newAxis) {
        return new Encoding(type, parameters, newAxis);
    }

    float scale() {
        return parameters.scale(0);
    }

    float zeroPoint() {
        return parameters.zeroPoint(0);
    }

    /** The code of a number with the tensor's one scale: half to even, saturating, as QuantizeLinear does it. */
    int code(float value) {
        double code = Math.rint(value / scale()) + zeroPoint();
        return (int) Math.max(type.lowest(), Math.min(type.highest(), code));
    }
}
