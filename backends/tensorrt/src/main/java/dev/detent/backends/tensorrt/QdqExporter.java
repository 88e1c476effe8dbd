package dev.detent.backends.tensorrt;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QdqInsertion;
import dev.detent.spi.export.QuantizedModel;

/** ONNX with explicit Q/DQ; weights are INT8 initializers behind a DequantizeLinear. */
final class QdqExporter implements Exporter {

    @Override
    public String id() {
        return "qdq";
    }

    @Override
    public String summary() {
        return "<model>.qdq.onnx: explicit quantization, TensorRT 8 and newer";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + ".qdq.onnx", QdqInsertion.apply(model));
    }
}
