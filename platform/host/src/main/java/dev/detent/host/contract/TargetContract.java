package dev.detent.host.contract;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.host.verify.ParameterComparison;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.ScratchFolder;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.testkit.ContractViolation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * PipelineContract, ExportContract and LintContract: a target's plan runs to EXPORTABLE on every sample graph, its lint
 * answers, its exporters write the same bytes twice, and ONNX Runtime, run on an ONNX artefact with Q/DQ, gives what
 * the simulation gives.
 */
final class TargetContract {

    private static final String PIPELINE = "PipelineContract";
    private static final String EXPORT = "ExportContract";
    private static final String LINT = "LintContract";

    private final Registry registry;
    private final Target target;
    private final List<ContractViolation> checks = new ArrayList<>();

    private TargetContract(Registry registry, Target target) {
        this.registry = registry;
        this.target = target;
    }

    static List<ContractViolation> check(Registry registry, Target target, String name, Graph graph) {
        TargetContract contract = new TargetContract(registry, target);
        contract.check(name, graph);
        return contract.checks;
    }

    private void check(String name, Graph source) {
        String what = target.id() + " on " + name;
        try {
            Graph graph = source.copy();
            GraphNormalizer.normalize(graph, name);
            Samples samples = new NoiseSamples(graph, 8);
            Pipeline.Result result = new Pipeline(graph::copy, samples, 1, Progress.QUIET)
                    .run(TargetPlan.of(registry, target.id(), Settings.NONE));
            checks.add(new ContractViolation(PIPELINE, true, what));
            for (Exporter exporter : target.exporters()) {
                export(what, exporter, result, samples);
            }
            List<Problem> remarks = target.lint(new FrozenQuantizedModel(
                    "model", target.id(), result.graph(), result.configs().snapshot()));
            checks.add(new ContractViolation(LINT, true, what + ": " + remarks.size() + " remarks"));
        } catch (DetentException | IOException e) {
            checks.add(new ContractViolation(PIPELINE, false, what + ": " + e.getMessage()));
        }
    }

    private void export(String what, Exporter exporter, Pipeline.Result result, Samples samples) throws IOException {
        String label = what + " as " + exporter.id();
        Path folder = ScratchFolder.folder("verify");
        try {
            Map<String, byte[]> first = ExportFixture.to(folder.resolve("a"), exporter, "model", target.id(), result);
            Map<String, byte[]> second = ExportFixture.to(folder.resolve("b"), exporter, "model", target.id(), result);
            boolean same = first.keySet().equals(second.keySet())
                    && first.keySet().stream().allMatch(k -> Arrays.equals(first.get(k), second.get(k)));
            checks.add(new ContractViolation(
                    EXPORT,
                    same && !first.isEmpty(),
                    label
                            + (first.isEmpty()
                                    ? ": wrote nothing"
                                    : same ? ": same bytes twice" : ": other bytes the second time")));
            if (exporter instanceof ReadableExporter readable) {
                roundTrip(label, readable, folder.resolve("a"), result);
            }
            for (String file : first.keySet()) {
                if (file.endsWith(".onnx") && isStandard(folder.resolve("a").resolve(file))) {
                    runs(label, folder.resolve("a").resolve(file), result, samples);
                }
            }
        } finally {
            ScratchFolder.remove(folder);
        }
    }

    /** Every entry must read back as the config it was written from. */
    private void roundTrip(String label, ReadableExporter exporter, Path files, Pipeline.Result result) {
        FrozenQuantizedModel frozen = new FrozenQuantizedModel(
                "model", target.id(), result.graph(), result.configs().snapshot());
        Map<String, TensorQuantization> entries = exporter.entries(frozen);
        List<Problem> differences =
                ParameterComparison.problems(entries, exporter.read(new DirectoryArtifact("model", files), entries));
        checks.add(new ContractViolation(
                "RoundTripContract",
                differences.isEmpty(),
                label
                        + (differences.isEmpty()
                                ? ": " + entries.size() + " entries read back"
                                : ": " + differences.get(0))));
    }

    /** A file with operators of other runtimes is not for ONNX Runtime to judge. */
    private static boolean isStandard(Path file) {
        return dev.detent.onnx.OnnxReader.read(file).nodes().stream()
                .allMatch(n -> n.domain().isEmpty() || n.domain().equals("com.microsoft"));
    }

    /**
     * A file with Q/DQ nodes must compute what the simulation computes, bit for bit, when ONNX Runtime leaves it as it
     * is; one of integer operators nearly.
     */
    private void runs(String label, Path file, Pipeline.Result result, Samples samples) {
        List<String> outputs =
                result.graph().outputs().stream().map(ValueInfo::name).toList();
        Collection<Node> nodes = dev.detent.onnx.OnnxReader.read(file).nodes();
        boolean explicit = nodes.stream().anyMatch(n -> n.is("QuantizeLinear"));
        boolean integer = nodes.stream().anyMatch(n -> n.opType().startsWith("QLinear"));
        try (OrtModel exported = OrtModel.of(file, integer ? OrtOptimizationLevel.EXACT : OrtOptimizationLevel.NONE);
                SegmentedSimulation simulated = SegmentedSimulation.of(
                        result.graph(), Optional.of(result.configs()), Set.of(), OrtOptimizationLevel.NONE)) {
            EvaluationMetrics.Reference reference = EvaluationMetrics.Reference.of(
                    outputs, samples, (s, sink) -> simulated.forEach(s, 1, d -> {}, sink));
            EvaluationMetrics score =
                    reference.score((s, sink) -> exported.forEach(s, 1, d -> {}, sink), Optional.empty());
            boolean near = !explicit || score.snr() > 20;
            checks.add(new ContractViolation(
                    EXPORT,
                    near,
                    label + ": " + file.getFileName() + " runs in ONNX Runtime, "
                            + (Double.isInfinite(score.snr())
                                    ? "bit-equal to the simulation"
                                    : String.format(
                                            java.util.Locale.ROOT, "%.1f dB from the simulation", score.snr()))));
        } catch (DetentException e) {
            checks.add(new ContractViolation(EXPORT, false, label + ": " + e.getMessage()));
        }
    }
}
