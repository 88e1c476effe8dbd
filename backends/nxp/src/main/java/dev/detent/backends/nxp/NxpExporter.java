package dev.detent.backends.nxp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import dev.detent.support.problem.SupportProblems;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * NXP's ONNX: the model with two more initializers per tensor, {@code <tensor>_min} and {@code <tensor>_max}, with min
 * = -128 scale and max = 127 scale (PPQ's NxpExporter); one number per channel of a weight.
 */
final class NxpExporter implements ReadableExporter {

    private static final String SUFFIX = ".nxp.onnx";
    private static final String MIN = "_min";
    private static final String MAX = "_max";

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
            float codes = Math.scalb(1f, c.scheme().bits() - 1);
            add(edit, name + MIN, times(scales, -codes));
            add(edit, name + MAX, times(scales, codes - 1));
        });
        context.onnx(model.name() + SUFFIX, graph);
    }

    private static void add(GraphEditor edit, String name, Tensor bound) {
        Graph graph = edit.graph();
        if (graph.isInitializer(name)
                || graph.isInput(name)
                || graph.producer(name).isPresent()) {
            throw new UserException(
                    SupportProblems.NAME_TAKEN,
                    "is a tensor of the model, and NXP's ONNX has that name for a bound; rename it in the model",
                    name);
        }
        edit.initializer(name, bound);
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
        ArtifactGraph file = ArtifactGraph.read(artefact, artefact.name() + SUFFIX);
        ReadBackParameters found = new ReadBackParameters();
        entries.forEach((name, c) -> {
            float[] min = file.floats(name + MIN).orElse(new float[0]);
            float[] max = file.floats(name + MAX).orElse(new float[0]);
            if (min.length > 0 && min.length == max.length) {
                float[] scales = new float[min.length];
                for (int i = 0; i < scales.length; i++) {
                    scales[i] = (max[i] - min[i]) / (Math.scalb(1f, c.scheme().bits()) - 1);
                }
                found.put(name, scales);
            }
        });
        return found.asMap();
    }

    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        for (String name : List.copyOf(graph.initializers().keySet())) {
            if (graph.consumers(name).isEmpty() && (name.endsWith(MIN) || name.endsWith(MAX))) {
                graph.edit().removeInitializer(name);
            }
        }
        return Optional.of(graph);
    }
}
