package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QdqInsertion;
import dev.detent.spi.export.QuantizedModel;

/** ONNX with QuantizeLinear and DequantizeLinear. */
final class QdqExporter implements Exporter {

    @Override
    public String id() {
        return "qdq";
    }

    @Override
    public String summary() {
        return "<model>.qdq.onnx: QuantizeLinear and DequantizeLinear nodes";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + ".qdq.onnx", QdqInsertion.apply(model));
    }
}
