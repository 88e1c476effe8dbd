package dev.detent.backends.mnn;

import dev.detent.spi.export.Artefact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The scales of MNN's quantized layers as PPQ's MNNExporter names them: {@code "<output> input_tensor_0"} and {@code "<output>
 * output_tensor_0"} for Conv and Gemm, outputs only for Add (whose output PPQ takes from the wrong slot, docs/differences.md), and the
 * input's channels, height and width.
 */
final class ScaleExporter implements Exporter {

    private static final String SUFFIX = ".mnn.json";

    @Override
    public String id() {
        return "scales";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.mnn.json: scales by output";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> json = new LinkedHashMap<>();
        model.graph().inputs().stream().findFirst().flatMap(ValueInfo::staticShape).filter(s -> s.length == 4).ifPresent(s -> {
            Map<String, Object> shape = new LinkedHashMap<>();
            shape.put("channels", s[1]);
            shape.put("height", s[2]);
            shape.put("width", s[3]);
            json.put("shape", shape);
        });
        entries(model).forEach((key, c) -> json.put(key, c.parameters().orElseThrow().scale(0)));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(json));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (n.is("Conv", "Gemm")) {
                model.quantization().input(n, 0).filter(ScaleExporter::hasScale).ifPresent(c -> entries.put(n.output(0) + " input_tensor_0", c));
            }
            if (n.is("Conv", "Gemm", "Add")) {
                model.quantization().output(n, 0).filter(ScaleExporter::hasScale).ifPresent(c -> entries.put(n.output(0) + " output_tensor_0", c));
            }
        }
        return entries;
    }

    private static boolean hasScale(TensorQuantization c) {
        return c.parameters().isPresent() && !c.state().isFloat();
    }

    @Override
    public Map<String, Parameters> read(Artefact artefact, Map<String, TensorQuantization> entries) {
        Map<String, Parameters> found = new LinkedHashMap<>();
        artefact.json(artefact.name() + SUFFIX).forEach((key, value) -> {
            if (value instanceof Number scale) {
                found.put(key, Parameters.of(scale.floatValue(), 0));
            }
        });
        return found;
    }
}
