package dev.detent.backends.esp;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorMapExporter;
import java.util.ArrayList;
import java.util.List;

/** The model, and bits and exponents of every tensor as an {@code .espdl} file has them: real = q 2^exponent. */
final class ExponentExporter extends TensorMapExporter {

    ExponentExporter() {
        super(
                "exponents",
                "<model>.onnx and <model>.exponents.json: bits and exponents by tensor, for esp-ppq",
                ".exponents.json",
                "");
    }

    @Override
    protected Object row(TensorQuantization c) {
        List<Integer> exponents = new ArrayList<>();
        for (float scale : c.qparams().orElseThrow().scales()) {
            exponents.add(Math.getExponent(scale));
        }
        return JsonValue.object("bits", c.scheme().bits(), "exponents", exponents);
    }

    @Override
    protected QuantizationParameters parameters(String entry, JsonValue row) {
        float[] scales = row.get("exponents").floats();
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Math.scalb(1f, (int) scales[i]);
        }
        return ReadBackParameters.parameters(entry, scales);
    }
}
