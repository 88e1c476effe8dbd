package dev.detent.backends.dsp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float model and its encodings in both versions that qnn-onnx-converter takes ({@code --quantization_overrides}):
 * 0.6.1 (lists of objects per tensor, flags as text) and 1.0.0 (flat list, arrays). Every float tensor of the graph is
 * written: a missing one would be recomputed by the converter from its own input list, and the device would no longer
 * equal the simulation.
 */
final class EncodingsExporter implements Exporter {

    private static final String ACTIVATIONS = "activation_encodings";
    private static final String PARAMETERS = "param_encodings";
    private static final String OLD = ".encodings";
    private static final String NEW = ".encodings.1.0.0.json";

    @Override
    public String id() {
        return "encodings";
    }

    @Override
    public String summary() {
        return "<model>.onnx, <model>.encodings (0.6.1) and <model>.encodings.1.0.0.json";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        TensorEncodings table = TensorEncodings.of(model);
        Map<String, Object> oldActivations = new LinkedHashMap<>();
        table.activations()
                .forEach((k, c) -> oldActivations.put(k, Encoding.of(k, c).version061()));
        table.floats().forEach(v -> oldActivations.put(v, List.of(Encoding.ordered("bitwidth", 32, "dtype", "float"))));
        Map<String, Object> oldParameters = new LinkedHashMap<>();
        table.parameters()
                .forEach((k, c) -> oldParameters.put(k, Encoding.of(k, c).version061()));
        List<Object> activations = new ArrayList<>();
        table.activations().forEach((k, c) -> activations.add(Encoding.of(k, c).version100()));
        table.floats()
                .forEach(v -> activations.add(
                        Encoding.ordered("name", v, "enc_type", "PER_TENSOR", "dtype", "FLOAT", "bw", 32)));
        List<Object> parameters = new ArrayList<>();
        table.parameters().forEach((k, c) -> parameters.add(Encoding.of(k, c).version100()));
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(
                model.name() + OLD,
                context.json(
                        Encoding.ordered("version", "0.6.1", ACTIVATIONS, oldActivations, PARAMETERS, oldParameters)));
        context.text(
                model.name() + NEW,
                context.json(Encoding.ordered("version", "1.0.0", ACTIVATIONS, activations, PARAMETERS, parameters)));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return TensorEncodings.of(model).all();
    }

    /** From both files, which must say the same. */
    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Map<String, Object> old = new LinkedHashMap<>();
        Map<String, Object> flat = new LinkedHashMap<>();
        for (String section : List.of(ACTIVATIONS, PARAMETERS)) {
            ((Map<?, ?>) artefact.json(artefact.name() + OLD).get(section)).forEach((k, v) -> old.put((String) k, v));
            ((List<?>) artefact.json(artefact.name() + NEW).get(section))
                    .forEach(o -> flat.put((String) ((Map<?, ?>) o).get("name"), o));
        }
        ReadBackParameters found = new ReadBackParameters();
        entries.forEach((name, c) -> {
            if (old.containsKey(name) && flat.containsKey(name)) {
                found.put(name, Encoding.read(flat.get(name), c.scheme()));
                QuantizationParameters flatly = found.asMap().get(name);
                found.put(name, Encoding.read(old.get(name), c.scheme()));
                if (!found.asMap().get(name).equals(flatly)) {
                    throw new UserException(
                            "DT-VER-010", "has one encoding in " + OLD + " and another in " + NEW, name);
                }
            }
        });
        return found.asMap();
    }
}
