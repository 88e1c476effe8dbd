package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.graph.TiedWeights;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX with integer operators: the Q/DQ form, in which every operator that has an integer twin
 * ({@link IntegerOperator}) and stands between pairs is replaced by it; what has none keeps its Q/DQ pair.
 */
final class QOperatorExporter implements ReadableExporter {

    private static final String SUFFIX = ".qop.onnx";

    @Override
    public String id() {
        return "qoperator";
    }

    @Override
    public String summary() {
        return "<model>.qop.onnx: QLinearConv and other integer operators";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + SUFFIX, TiedWeights.join(QOperatorWriter.convert(model)));
    }

    /**
     * What the conversion puts at a slot is an entry: activations that saturation does for free are gone, their numbers
     * stand at the producer.
     */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        QOperatorReader.parameters(new ArtifactGraph(model.name() + SUFFIX, QOperatorWriter.convert(model)))
                .keySet()
                .forEach(slot -> model.quantization()
                        .config(slot)
                        .filter(c -> c.qparams().isPresent() && !c.state().isFloat())
                        .ifPresent(c -> entries.put(slot.toString(), c)));
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Map<String, QuantizationParameters> found = new LinkedHashMap<>();
        QOperatorReader.parameters(ArtifactGraph.read(artefact, artefact.name() + SUFFIX))
                .forEach((slot, p) -> {
                    if (entries.containsKey(slot.toString())) {
                        found.put(slot.toString(), p);
                    }
                });
        return found;
    }

    @Override
    public Optional<Graph> graph(Artifact artefact) {
        return Optional.of(QOperatorReader.graph(ArtifactGraph.read(artefact, artefact.name() + SUFFIX)));
    }
}
