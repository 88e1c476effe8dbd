package dev.detent.host.verify;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.host.problem.VerificationProblems;
import dev.detent.host.record.RunDirectory;
import dev.detent.runtime.Samples;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads an artefact back and holds it against the run that wrote it: every entry is there, under its name, with its
 * numbers; baked weights lie on their grids; the configs rebuilt from the files, simulated on the model in the files,
 * give every layer's output bit for bit; and a file with Q/DQ nodes computes the same in ONNX Runtime when that leaves
 * it as it is.
 */
public final class ArtifactVerifier {

    /**
     * @param entries configs that the artefact carries
     * @param without written configs for which the format has no place
     * @param layers float values simulated from the files and compared with the run's fingerprints
     * @param runtime worst layer of the artefact in ONNX Runtime against the simulation, in dB; empty for formats
     *     without Q/DQ nodes. A target whose ties go elsewhere than ONNX's may differ in whole codes, which is no
     *     problem of the file
     */
    public record Result(
            String target,
            String format,
            int entries,
            int without,
            int layers,
            Optional<Double> runtime,
            List<Problem> problems) {}

    private ArtifactVerifier() {}

    /**
     * The artefact of {@code run}; without data the layers are compared on noise. Of files that are not as the run
     * wrote them it is also said what is wrong in them, as far as they can be read.
     */
    public static Result run(Registry registry, RunDirectory run, Optional<Samples> data) {
        List<Problem> damage = RecordedFiles.problems(run.json());
        Exporter exporter = run.exporter(registry);
        try {
            Result result = compare(registry, run, readable(exporter, run.folder()), data);
            damage.addAll(result.problems());
            return new Result(
                    result.target(),
                    result.format(),
                    result.entries(),
                    result.without(),
                    result.layers(),
                    result.runtime(),
                    damage);
        } catch (RuntimeException e) {
            if (damage.isEmpty()) {
                throw e;
            }
            // Neither a plugin nor Detent is to blame for what it makes of a damaged file.
            if (e instanceof UserException u) {
                damage.addAll(u.problems());
            }
            return new Result(run.target(), exporter.id(), 0, 0, 0, Optional.empty(), damage);
        }
    }

    private static Result compare(
            Registry registry, RunDirectory run, ReadableExporter exporter, Optional<Samples> data) {
        Path out = run.folder();
        DirectoryArtifact files = run.files();
        List<Problem> problems = new ArrayList<>();
        Optional<Graph> held = exporter.graph(files);
        Graph graph = held.orElseGet(() -> anyModel(files));
        problems.addAll(ArtifactModelCheck.unfed(graph));
        if (held.isPresent() && problems.isEmpty()) {
            ShapeInference.infer(graph, out.toString());
            run.missingNodes(graph)
                    .forEach(n -> problems.add(Problem.error(
                            VerificationProblems.NODE_MISSING,
                            "is missing in the artefact's model; it was quantized",
                            n)));
        }
        if (!problems.isEmpty()) {
            return new Result(run.target(), exporter.id(), 0, 0, 0, Optional.empty(), problems);
        }
        Quantization written = run.quantization(graph, registry, Map.of());
        QuantizedModel model = new FrozenQuantizedModel(run.name(), run.target(), graph, written);
        Map<String, TensorQuantization> entries = exporter.entries(model);
        Map<String, QuantizationParameters> read = exporter.read(files, entries);
        problems.addAll(ParameterComparison.problems(entries, read));
        int without = ParameterComparison.uncovered(written, entries).size();
        if (held.isEmpty()) {
            return new Result(run.target(), exporter.id(), entries.size(), without, 0, Optional.empty(), problems);
        }
        problems.addAll(ArtifactModelCheck.offGrid(graph, written));
        Quantization rebuilt = run.quantization(graph, registry, ParameterComparison.replacements(entries, read));
        Map<Slot, LayerFingerprint> recorded = run.record().result().fingerprints();
        Map<Slot, LayerFingerprint> found = recorded.isEmpty()
                ? Map.of()
                : LayerFingerprint.of(graph, rebuilt, run.record().result().probe());
        Optional<Samples> samples =
                data.or(() -> recorded.isEmpty() ? Optional.empty() : Optional.of(noise(graph, run)));
        found.forEach((slot, print) -> {
            LayerFingerprint before = recorded.get(slot);
            if (before != null && !before.matches(print)) {
                problems.add(Problem.error(
                        VerificationProblems.SIMULATION_DIFFERS,
                        String.format(
                                Locale.ROOT,
                                "comes out otherwise when simulated from the files: norm %.7g where "
                                        + "the run had %.7g",
                                print.norm(),
                                before.norm()),
                        slot.toString()));
            }
        });
        return new Result(
                run.target(),
                exporter.id(),
                entries.size(),
                without,
                found.size(),
                OnnxRuntimeComparison.worst(files, graph, written, samples, problems),
                problems);
    }

    private static Samples noise(Graph graph, RunDirectory run) {
        return new NoiseSamples(graph, 2, run.record().result().probe());
    }

    private static ReadableExporter readable(Exporter exporter, Path folder) {
        if (exporter instanceof ReadableExporter readable) {
            return readable;
        }
        throw new UserException(
                VerificationProblems.NOT_READABLE,
                "cannot be verified: format '" + exporter.id()
                        + "' can be written, but not read back; choose another format"
                        + " with --format, or check the files with the tool they are for",
                folder.toString());
    }

    private static Graph anyModel(DirectoryArtifact files) {
        return files.files().stream()
                .filter(f -> f.endsWith(".onnx"))
                .map(files::onnx)
                .findFirst()
                .orElseThrow(() -> new UserException(
                        EvaluationProblems.NO_ONNX_FILE,
                        "holds no ONNX file",
                        files.folder().toString()));
    }
}
