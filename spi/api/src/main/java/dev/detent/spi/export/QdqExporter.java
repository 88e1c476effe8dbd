package dev.detent.spi.export;

/** ONNX with explicit Q/DQ ({@link QdqInsertion}): integer initializers behind a DequantizeLinear. The exporter of explicit targets. */
public final class QdqExporter implements Exporter {

    private final String summary;

    /** @param summary what the target adds to say about {@code <model>.qdq.onnx} */
    public QdqExporter(String summary) {
        this.summary = "<model>.qdq.onnx: " + summary;
    }

    @Override
    public String id() {
        return "qdq";
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + ".qdq.onnx", QdqInsertion.apply(model));
    }
}
