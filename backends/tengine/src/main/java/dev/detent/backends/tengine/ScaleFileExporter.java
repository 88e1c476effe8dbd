package dev.detent.backends.tengine;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SideFileCodec;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextTableCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tengine's scale file beside the ONNX model: one line {@code tensor scale zero-point} for every 8-bit tensor
 * (tools/quantize).
 */
final class ScaleFileExporter extends SidecarExporter<List<TextTableCodec.Row>> {

    ScaleFileExporter() {
        super("scale", "<model>.onnx and <model>.scale: tensor, scale, zero point", ".scale", new TextTableCodec(1));
    }

    @Override
    protected boolean carries(TensorQuantization c) {
        return c.scheme().bits() <= 8;
    }

    @Override
    protected List<TextTableCodec.Row> document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        List<TextTableCodec.Row> rows = new ArrayList<>();
        entries.forEach((name, c) -> {
            QuantizationParameters p = c.qparams().orElseThrow();
            rows.add(new TextTableCodec.Row(List.of(name), p.scale(0), (long) p.zeroPoint(0)));
        });
        return rows;
    }

    @Override
    protected void read(
            List<TextTableCodec.Row> rows, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (TextTableCodec.Row row : rows) {
            if (row.numbers().length != 2) {
                throw SideFileCodec.damaged(sideFile("*"), row.key(), "should have a scale and a zero point");
            }
            found.put(row.key(), row.numbers()[0], row.numbers()[1]);
        }
    }
}
