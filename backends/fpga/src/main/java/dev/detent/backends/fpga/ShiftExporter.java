package dev.detent.backends.fpga;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorMapExporter;

/** The model and the position of the binary point of every tensor: real = q 2^-shift. */
final class ShiftExporter extends TensorMapExporter {

    ShiftExporter() {
        super("shifts", "<model>.onnx and <model>.shifts.json: bits and shift by tensor", ".shifts.json", "");
    }

    @Override
    protected Object row(TensorQuantization c) {
        int exponent = Math.getExponent(c.qparams().orElseThrow().scale(0));
        return JsonValue.object("bits", c.scheme().bits(), "shift", -exponent);
    }

    @Override
    protected QuantizationParameters parameters(String entry, JsonValue row) {
        return ReadBackParameters.parameters(entry, new float[] {
            Math.scalb(1f, -(int) row.get("shift").number())
        });
    }
}
