package dev.detent.host;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.data.DataFiles;
import dev.detent.host.data.Labels;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.plugin.Registry;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.Optimization;
import dev.detent.runtime.PlainModel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedModel;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Scores a finished run on data. Exported is what ONNX Runtime makes of the artefact with all its fusions. Simulated is the artefact's Q/DQ
 * nodes taken literally (unoptimised, which the simulation equals bit for bit), or, for artefacts without Q/DQ nodes, the configs of
 * {@code detent.json} simulated on the model beside them.
 */
public final class Evaluation {

    private Evaluation() {}

    public static Map<String, Scores> run(Registry registry, Path model, Path out, String data, Optional<Path> labelFile, Optional<Preprocessing> preprocessing,
            int limit, int workers, Progress progress) {
        JsonObject provenance = provenance(out);
        Graph original = OnnxReader.read(model);
        Preprocessing p = preprocessing.orElseGet(() -> Preprocessing.parse(
                provenance.getAsJsonObject("calibration").get("preprocessing").getAsString()));
        Samples samples = DataFiles.open(original, data, p, limit);
        Optional<int[]> labels = labelFile.map(l -> Labels.read(l, samples.size()));
        List<String> outputs = original.outputs().stream().map(ValueInfo::name).toList();
        Map<String, Scores> scores = new LinkedHashMap<>();
        Scores.Reference reference;
        try (PlainModel m = PlainModel.of(model, Optimization.ALL)) {
            reference = new Scores.Reference(outputs, samples, (s, sink) -> m.forEach(s, workers, d -> progress.at("float", d, s.size()), sink));
        }
        scores.put("float", reference.self(labels));
        Path file = artefact(out);
        Graph artefact = OnnxReader.read(file);
        boolean explicit = artefact.nodes().stream().anyMatch(n -> n.is("QuantizeLinear"));
        if (explicit) {
            try (PlainModel m = PlainModel.of(file, Optimization.NONE)) {
                scores.put("simulated", reference.score((s, sink) -> m.forEach(s, workers, d -> progress.at("simulated", d, s.size()), sink), labels));
            }
            try (PlainModel m = PlainModel.of(file, Optimization.ALL)) {
                scores.put("exported", reference.score((s, sink) -> m.forEach(s, workers, d -> progress.at("exported", d, s.size()), sink), labels));
            }
        } else {
            ShapeInference.infer(artefact, file.toString());
            try (SegmentedModel m = SegmentedModel.of(artefact, Optional.of(ConfigJson.read(provenance.getAsJsonArray("configs"), artefact, registry)),
                    java.util.Set.of(), Optimization.ALL)) {
                scores.put("simulated", reference.score((s, sink) -> m.forEach(s, workers, d -> progress.at("simulated", d, s.size()), sink), labels));
            }
        }
        return scores;
    }

    private static JsonObject provenance(Path out) {
        Path file = out.resolve(OutputFolder.MARK);
        try {
            return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new UserException("DT-EVA-001", "cannot be read; give the output folder of 'detent quantize'", file.toString(), e);
        }
    }

    private static Path artefact(Path out) {
        try (Stream<Path> files = Files.list(out)) {
            return files.filter(f -> f.getFileName().toString().endsWith(".onnx")).sorted().findFirst().orElseThrow(
                    () -> new UserException("DT-EVA-002", "holds no ONNX file to run", out.toString()));
        } catch (IOException e) {
            throw new UserException("DT-EVA-003", "cannot be listed: " + e.getMessage(), out.toString(), e);
        }
    }
}
