package dev.detent.host.verify;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.host.problem.VerificationProblems;
import dev.detent.host.record.RunDirectory;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.ShapeInference;
import dev.detent.runtime.TensorRecorder;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.FakeQuantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Reads an artefact back and holds it against the run that wrote it: every entry is there, under its name, with its
 * numbers; baked weights lie on their grids; the configs rebuilt from the files, simulated on the model in the files,
 * give every layer's output bit for bit; and a file with Q/DQ nodes computes the same in ONNX Runtime when that leaves
 * it as it is.
 */
public final class ArtifactVerifier {

    /** Formats write the shortest decimal of a float32, some of them its reciprocal or a range. */
    private static final double PRECISION = 1e-6;

    /** A layer this near differs by rounding of a few codes at most. */
    private static final double EQUAL = 60;

    /** Integer operators round once where a pair of float ones rounds twice; only the outputs are compared. */
    private static final double INTEGER = 20;

    /** Biases of 32 bits do not fit a float exactly. */
    private static final double ON_GRID = 1e-6;

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
        problems.addAll(unfed(graph));
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
        problems.addAll(compare(entries, read));
        int without = uncovered(written, entries).size();
        if (held.isEmpty()) {
            return new Result(run.target(), exporter.id(), entries.size(), without, 0, Optional.empty(), problems);
        }
        problems.addAll(offGrid(graph, written));
        Quantization rebuilt = run.quantization(graph, registry, replacements(entries, read));
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
                inRuntime(files, graph, written, samples, problems),
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

    /** Values that are read and that nothing gives: the file was damaged, and no layer can be computed. */
    private static List<Problem> unfed(Graph graph) {
        Set<String> given = new HashSet<>(graph.initializers().keySet());
        graph.inputs().forEach(v -> given.add(v.name()));
        graph.nodes().forEach(n -> given.addAll(n.outputs()));
        Map<String, String> read = new LinkedHashMap<>();
        graph.nodes().forEach(n -> n.inputs().forEach(v -> read.put(v, "is read by node '" + n.name() + "'")));
        graph.outputs().forEach(v -> read.put(v.name(), "is an output"));
        List<Problem> problems = new ArrayList<>();
        read.forEach((value, reader) -> {
            if (!value.isEmpty() && !given.contains(value)) {
                problems.add(Problem.error(
                        VerificationProblems.VALUE_NOT_MADE,
                        reader + " of the artefact's model, but nothing there gives it",
                        value));
            }
        });
        return problems;
    }

    /** Entries that are missing, unknown or carry other numbers than the model's configs. */
    public static List<Problem> compare(
            Map<String, TensorQuantization> entries, Map<String, QuantizationParameters> found) {
        List<Problem> problems = new ArrayList<>();
        entries.forEach((name, c) -> {
            QuantizationParameters there = found.get(name);
            QuantizationParameters here = c.qparams().orElseThrow();
            if (there == null) {
                problems.add(Problem.error(
                        VerificationProblems.TENSOR_MISSING,
                        "is missing in the artefact (" + c.slot() + ", " + c.scheme() + ")",
                        name));
            } else if (!same(here, there)) {
                problems.add(Problem.error(
                        VerificationProblems.PARAMETERS_DIFFER,
                        "has " + there + " in the artefact, " + here + " in the run",
                        name));
            }
        });
        found.keySet().stream()
                .filter(name -> !entries.containsKey(name))
                .forEach(name -> problems.add(Problem.error(
                        VerificationProblems.UNKNOWN_TENSOR,
                        "stands in the artefact, but the run has no such tensor",
                        name)));
        return problems;
    }

    private static boolean same(QuantizationParameters a, QuantizationParameters b) {
        if (a.channels() != b.channels()) {
            return false;
        }
        for (int i = 0; i < a.channels(); i++) {
            if (Math.abs((double) a.scale(i) - b.scale(i)) > PRECISION * a.scale(i)
                    || a.zeroPoint(i) != b.zeroPoint(i)) {
                return false;
            }
        }
        return true;
    }

    private static List<TensorQuantization> uncovered(Quantization written, Map<String, TensorQuantization> entries) {
        Set<Slot> roots = new HashSet<>();
        entries.values().forEach(c -> roots.add(c.root().slot()));
        List<TensorQuantization> without = new ArrayList<>();
        for (TensorQuantization c : written.configs()) {
            if (c.isOwnRoot() && c.state().isWritten() && !roots.contains(c.slot())) {
                without.add(c);
            }
        }
        return without;
    }

    /** A baked weight that quantization would change has been changed since. */
    private static List<Problem> offGrid(Graph graph, Quantization written) {
        List<Problem> problems = new ArrayList<>();
        for (TensorQuantization c : written.configs()) {
            Tensor t = c.slot().isInput() ? graph.initializer(c.value()).orElse(null) : null;
            if (t == null || !c.state().isBaked() || c.qparams().isEmpty() || t.type() != ElementType.FLOAT) {
                continue;
            }
            float[] values = t.floats();
            float[] again = values.clone();
            FakeQuantization.inPlace(again, t.dims(), c.scheme(), c.qparams().get());
            int off = 0;
            for (int i = 0; i < values.length; i++) {
                off += Math.abs(values[i] - again[i]) > ON_GRID * Math.abs(values[i]) ? 1 : 0;
            }
            if (off > 0) {
                problems.add(Problem.error(
                        VerificationProblems.OFF_GRID,
                        "has " + off + " of " + values.length + " values off the grid of its scale",
                        c.value()));
            }
        }
        return problems;
    }

    /**
     * A covered config's numbers are its root's. What differs from the run only by the rounding of the format (a
     * reciprocal, a range) counts as the run's number: a step of one unit in the last place moves single codes from one
     * side of a tie to the other, which a deep network amplifies without anything being wrong.
     */
    private static Map<Slot, QuantizationParameters> replacements(
            Map<String, TensorQuantization> entries, Map<String, QuantizationParameters> found) {
        Map<Slot, QuantizationParameters> replacements = new LinkedHashMap<>();
        entries.forEach((name, c) -> {
            QuantizationParameters here = c.qparams().orElseThrow();
            QuantizationParameters there = found.get(name);
            if (there != null && there.channels() == here.channels() && !same(here, there)) {
                replacements.put(c.root().slot(), there);
            }
        });
        return replacements;
    }

    private static Map<String, float[]> layers(Graph graph, Quantization quantization, Samples samples) {
        List<String> values = values(graph);
        Map<String, float[]> layers = new LinkedHashMap<>();
        try (SegmentedSimulation m = SegmentedSimulation.of(
                graph, Optional.of(quantization), new LinkedHashSet<>(values), OrtOptimizationLevel.NONE)) {
            for (int i = 0; i < samples.size(); i++) {
                TensorRecorder.of(m, values, samples.range(i, 1))
                        .forEach((value, recorded) -> layers.merge(value, recorded, ArtifactVerifier::join));
            }
        }
        return layers;
    }

    private static List<String> values(Graph graph) {
        return graph.nodes().stream()
                .flatMap(n -> n.outputs().stream())
                .filter(graph::isFloat)
                .toList();
    }

    private static float[] join(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** The worst layer of the Q/DQ file, run unoptimised with every float value as an output. */
    private static Optional<Double> inRuntime(
            DirectoryArtifact files,
            Graph graph,
            Quantization written,
            Optional<Samples> given,
            List<Problem> problems) {
        Optional<Graph> explicit = files.files().stream()
                .filter(f -> f.endsWith(".onnx"))
                .map(files::onnx)
                .filter(g -> g.nodes().stream().anyMatch(n -> n.opType().equals("QuantizeLinear")))
                .findFirst();
        if (explicit.isEmpty()) {
            return Optional.empty();
        }
        if (values(graph).isEmpty()) {
            return Optional.empty();
        }
        Samples samples = given.orElseThrow(() -> new UserException(
                VerificationProblems.NO_NOISE,
                "holds a network that cannot be run on noise; give real data with --data",
                files.name()));
        Graph qdq = explicit.get();
        Map<String, float[]> expected = layers(graph, written, samples);
        // Codes that something but a DequantizeLinear reads.
        boolean integer = qdq.nodes().stream()
                .filter(n -> n.opType().equals("QuantizeLinear"))
                .anyMatch(n -> qdq.consumers(n.output(0)).stream()
                        .anyMatch(c -> !c.opType().equals("DequantizeLinear")));
        Map<String, String> raw = new LinkedHashMap<>();
        graph.outputs().stream()
                .filter(o -> integer && expected.containsKey(o.name()))
                .forEach(o -> raw.put(o.name(), o.name()));
        for (Node n : integer ? List.<Node>of() : graph.nodes()) {
            qdq.node(n.name()).ifPresent(q -> {
                for (int o = 0; o < n.outputs().size(); o++) {
                    if (expected.containsKey(n.output(o))) {
                        raw.put(n.output(o), q.output(o));
                    }
                }
            });
        }
        GraphEditor edit = qdq.edit();
        List.copyOf(qdq.outputs()).forEach(o -> edit.removeOutput(o.name()));
        raw.values()
                .forEach(v ->
                        edit.output(new ValueInfo(v, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE)));
        Map<String, float[]> found = new LinkedHashMap<>();
        try (OrtModel m =
                OrtModel.of(qdq, integer ? OrtOptimizationLevel.EXACT : OrtOptimizationLevel.NONE, files.name())) {
            m.forEach(
                    samples,
                    1,
                    d -> {},
                    (i, out) ->
                            raw.forEach((value, name) -> found.merge(value, out.floats(name), ArtifactVerifier::join)));
        }
        boolean otherTies = written.configs().stream()
                .anyMatch(c -> c.state().isActive() && c.scheme().rounding() != Rounding.HALF_EVEN);
        double worst = Double.POSITIVE_INFINITY;
        for (Map.Entry<String, float[]> e : found.entrySet()) {
            String value = e.getKey();
            double snr = snr(Objects.requireNonNull(expected.get(value)), e.getValue());
            worst = Math.min(worst, snr);
            if (snr < (integer ? INTEGER : EQUAL) && !otherTies) {
                problems.add(Problem.error(
                        VerificationProblems.RUNTIME_DIFFERS,
                        String.format(
                                Locale.ROOT,
                                "is computed otherwise by ONNX Runtime from the file: " + "%.1f dB from the simulation",
                                snr),
                        value));
            }
        }
        return Optional.of(worst);
    }

    private static double snr(float[] expected, float[] found) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) expected[i] - found[i];
            signal += (double) expected[i] * expected[i];
            noise += d * d;
        }
        return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
    }
}
