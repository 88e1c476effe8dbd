package dev.detent.host.verify;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.evaluate.SquaredErrorAccumulator;
import dev.detent.host.problem.VerificationProblems;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.TensorRecorder;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Rounding;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Holds what ONNX Runtime computes from a file with Q/DQ nodes against the simulation, layer by layer. */
final class OnnxRuntimeComparison {

    /** A layer this near differs by rounding of a few codes at most. */
    private static final double EQUAL = 60;

    /** Integer operators round once where a pair of float ones rounds twice; only the outputs are compared. */
    private static final double INTEGER = 20;

    private OnnxRuntimeComparison() {}

    private static Map<String, float[]> layers(Graph graph, Quantization quantization, Samples samples) {
        List<String> values = values(graph);
        Map<String, float[]> layers = new LinkedHashMap<>();
        try (SegmentedSimulation m = SegmentedSimulation.of(
                graph, Optional.of(quantization), new LinkedHashSet<>(values), OrtOptimizationLevel.NONE)) {
            for (int i = 0; i < samples.size(); i++) {
                TensorRecorder.of(m, values, samples.range(i, 1))
                        .forEach((value, recorded) -> layers.merge(value, recorded, OnnxRuntimeComparison::join));
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
    static Optional<Double> worst(
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
        edit.clearOutputs();
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
                    (i, out) -> raw.forEach(
                            (value, name) -> found.merge(value, out.floats(name), OnnxRuntimeComparison::join)));
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

    static double snr(float[] expected, float[] found) {
        SquaredErrorAccumulator error = new SquaredErrorAccumulator();
        for (int i = 0; i < expected.length; i++) {
            error.add(expected[i], found[i]);
        }
        return SquaredErrorAccumulator.decibels(SquaredErrorAccumulator.ratio(error.signal(), error.noise()));
    }
}
