package dev.detent.backends.vitis;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorMapExporter;

/** The scales by tensor, as MQBench deploys them for Vitis ({@code {"vitis": {tensor: scale}}}). */
final class ScaleExporter extends TensorMapExporter {

    ScaleExporter() {
        super(
                "scales",
                "<model>.onnx and <model>.vitis.json: scale by tensor in MQBench's format, which no tool of AMD's reads",
                ".vitis.json",
                "vitis");
    }

    @Override
    protected Object row(TensorQuantization c) {
        return c.qparams().orElseThrow().scale(0);
    }

    @Override
    protected QuantizationParameters parameters(String entry, JsonValue row) {
        return ReadBackParameters.parameters(entry, row.floats());
    }
}
