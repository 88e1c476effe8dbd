package dev.detent.backends.dsp;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonCodec;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The float model and its encodings in both versions that qnn-onnx-converter takes ({@code --quantization_overrides}):
 * 0.6.1 (lists of objects per tensor, flags as text) and 1.0.0 (flat list, arrays). Every float tensor of the graph is
 * written: a missing one would be recomputed by the converter from its own input list, and the device would no longer
 * equal the simulation.
 */
final class EncodingsExporter extends SidecarExporter<JsonValue> {

    private static final String ACTIVATIONS = "activation_encodings";
    private static final String PARAMETERS = "param_encodings";
    private static final String OLD = ".encodings";
    private static final String NEW = ".encodings.1.0.0.json";

    EncodingsExporter() {
        super(
                "encodings",
                "<model>.onnx, <model>.encodings (0.6.1) and <model>.encodings.1.0.0.json",
                OLD,
                new JsonCodec());
    }

    @Override
    protected JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        TensorEncodings table = TensorEncodings.of(model);
        Map<String, Object> activations = new LinkedHashMap<>();
        table.activations()
                .forEach((k, c) -> activations.put(k, Encoding.of(k, c).version061()));
        table.floats().forEach(v -> activations.put(v, List.of(JsonValue.object("bitwidth", 32, "dtype", "float"))));
        Map<String, Object> parameters = new LinkedHashMap<>();
        table.parameters().forEach((k, c) -> parameters.put(k, Encoding.of(k, c).version061()));
        return JsonValue.of("version", "0.6.1", ACTIVATIONS, activations, PARAMETERS, parameters);
    }

    @Override
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {
        TensorEncodings table = TensorEncodings.of(model);
        List<Object> activations = new ArrayList<>();
        table.activations().forEach((k, c) -> activations.add(Encoding.of(k, c).version100()));
        table.floats()
                .forEach(v -> activations.add(
                        JsonValue.object("name", v, "enc_type", "PER_TENSOR", "dtype", "FLOAT", "bw", 32)));
        List<Object> parameters = new ArrayList<>();
        table.parameters().forEach((k, c) -> parameters.add(Encoding.of(k, c).version100()));
        new JsonCodec()
                .write(
                        context,
                        model.name() + NEW,
                        JsonValue.of("version", "1.0.0", ACTIVATIONS, activations, PARAMETERS, parameters));
    }

    @Override
    protected void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (String section : List.of(ACTIVATIONS, PARAMETERS)) {
            document.get(section).fields().forEach((name, encoding) -> {
                TensorQuantization c = entries.get(name);
                if (c != null) {
                    found.put(name, Encoding.read061(encoding, c.scheme()));
                }
            });
        }
    }

    /** Both files must say the same. */
    @Override
    protected void readMore(Artifact artefact, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        JsonValue document = new JsonCodec().read(artefact, artefact.name() + NEW);
        ReadBackParameters flat = new ReadBackParameters();
        for (String section : List.of(ACTIVATIONS, PARAMETERS)) {
            for (JsonValue encoding : document.get(section).elements()) {
                String name = encoding.get("name").text();
                TensorQuantization c = entries.get(name);
                if (c != null) {
                    flat.put(name, Encoding.read100(encoding, c.scheme()));
                }
            }
        }
        entries.keySet().forEach(name -> {
            Optional<QuantizationParameters> there = flat.get(name);
            if (there.isEmpty()) {
                found.remove(name);
            } else if (found.get(name).filter(p -> !p.equals(there.get())).isPresent()) {
                throw new UserException(
                        DspProblems.ENCODINGS_DISAGREE, "has one encoding in " + OLD + " and another in " + NEW, name);
            }
        });
    }
}
