package dev.detent.backends.nxp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * NXP's ONNX: the model with two more initializers per tensor, {@code <tensor>_min} and {@code <tensor>_max}, with min
 * = -128 scale and max = 127 scale (PPQ's NxpExporter); one number per channel of a weight.
 */
final class NxpExporter implements Exporter {

    private static final String SUFFIX = ".nxp.onnx";

    @Override
    public String id() {
        return "nxp";
    }

    @Override
    public String summary() {
        return "<model>.nxp.onnx: ranges as initializers";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        GraphEditor edit = graph.edit();
        entries(model).forEach((name, c) -> {
            float[] scales = c.qparams().orElseThrow().scales();
            edit.initializer(
                    name + "_min", times(scales, -Math.scalb(1f, c.scheme().bits() - 1)));
            edit.initializer(
                    name + "_max", times(scales, Math.scalb(1f, c.scheme().bits() - 1) - 1));
        });
        context.onnx(model.name() + SUFFIX, graph);
    }

    private static Tensor times(float[] scales, float factor) {
        float[] values = scales.clone();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return Tensor.ofFloats(new long[] {values.length}, values);
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = TensorEncodings.of(model).all();
        entries.values().removeIf(c -> c.scheme().bits() > 8);
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        ReadBackParameters found = new ReadBackParameters();
        entries.forEach((name, c) -> graph.initializer(name + "_min").ifPresent(min -> {
            Tensor max = graph.initializer(name + "_max").orElse(min);
            float[] scales = min.floats();
            for (int i = 0; i < scales.length; i++) {
                scales[i] = (max.floats()[i] - scales[i])
                        / (Math.scalb(1f, c.scheme().bits()) - 1);
            }
            found.put(name, scales, new float[scales.length]);
        }));
        return found.asMap();
    }

    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        for (String name : List.copyOf(graph.initializers().keySet())) {
            if (graph.consumers(name).isEmpty() && (name.endsWith("_min") || name.endsWith("_max"))) {
                graph.edit().removeInitializer(name);
            }
        }
        return Optional.of(graph);
    }
}
