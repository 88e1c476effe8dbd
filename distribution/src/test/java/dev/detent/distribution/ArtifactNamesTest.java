package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.contract.ExportFixture;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.verify.ParameterComparison;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.testkit.SampleGraphs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Names that people and converters give, in every format of every target: what is exported reads back equal, or the
 * format refuses the name in one sentence. No name becomes two entries.
 */
class ArtifactNamesTest {

    /** Every format carries these. */
    private static final List<String> CARRIED = List.of(
            "\"quoted\"",
            "'single'",
            "back\\slash\\n",
            "{brace}",
            "key:value",
            "a:in:0",
            "x_quantized",
            "x_raw",
            "x_rows",
            "x_int8",
            "x_scale",
            "#comment",
            "$1",
            "%s%n",
            "<b>&amp;",
            "名前",
            "\ud83d\ude00",
            "0",
            "1.5",
            "-",
            "..");

    /** A format whose reader splits at blanks and line ends has no way to say these. */
    private static final List<String> SPLITTING = List.of(
            "a\nfake 9.99",
            "a\n}\nrecord {\n  key: \"forged\"",
            "a\r\nb",
            "a\tb",
            "two words",
            "a 9.99 0",
            "a\u2028b",
            "a\u2029b",
            "a\u0085b",
            "a\u00a0b",
            "a\u001b[31mred",
            "a\u0007");

    @TempDir
    static Path work;

    private static final AtomicInteger FOLDERS = new AtomicInteger();

    static Stream<Target> targets() {
        return TestPlatform.REGISTRY.targets().stream()
                .filter(t -> !t.id().startsWith("ppq:") || t.id().equals("ppq:TRT_INT8"));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void everyFormatCarriesWhatHasNoBlanksOrControls(Target target) throws IOException {
        for (String graph : List.of("conv-relu", "gemm-softmax")) {
            Exported exported = new Exported(target, graph, CARRIED);
            for (Exporter exporter : target.exporters()) {
                assertThat(exported.problem(exporter)).as(exporter.id()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void everyFormatCarriesOrRefusesWhatSplitsLines(Target target) throws IOException {
        for (String graph : List.of("conv-relu", "gemm-softmax")) {
            Exported exported = new Exported(target, graph, SPLITTING);
            Set<Exporter> refused = new LinkedHashSet<>();
            for (Exporter exporter : target.exporters()) {
                String problem = exported.problem(exporter);
                assertThat(problem).as(exporter.id()).matches("(?s)|DT-EXP-004.* cannot carry; rename it .*");
                if (!problem.isEmpty()) {
                    refused.add(exporter);
                }
            }
            for (String name : refused.isEmpty() ? List.<String>of() : SPLITTING) {
                Exported alone = new Exported(target, graph, List.of(name));
                for (Exporter exporter : refused) {
                    assertThat(alone.problem(exporter)).as(exporter.id()).contains("DT-EXP-004");
                }
            }
        }
    }

    /** A sample graph, quantized under names from the corpus. */
    private record Exported(Target target, Graph graph, Pipeline.Result result) {

        Exported(Target target, String graph, List<String> corpus) {
            this(target, renamed(SampleGraphs.all().get(graph), corpus));
        }

        private Exported(Target target, Graph graph) {
            this(target, graph, TestPlatform.quantize(graph, target.id(), TestPlatform.noise(graph, 2), 1));
        }

        /** The names of the corpus in turn; a number keeps them apart. */
        private static Graph renamed(Graph source, List<String> corpus) {
            Map<String, String> given = new LinkedHashMap<>();
            return NamedGraphs.renamed(
                    source,
                    name -> given.computeIfAbsent(name, n -> corpus.get(given.size() % corpus.size()) + given.size()));
        }

        /** What is wrong with the artefact, or why there is none; empty when all is well. */
        String problem(Exporter exporter) throws IOException {
            Path folder = work.resolve("out" + FOLDERS.incrementAndGet());
            try {
                ExportFixture.to(folder, exporter, "model", target.id(), result);
            } catch (UserException e) {
                assertThat(folder).doesNotExist();
                return String.valueOf(e.getMessage());
            }
            ReadableExporter readable = (ReadableExporter) exporter;
            Map<String, TensorQuantization> entries = readable.entries(new FrozenQuantizedModel(
                    "model", target.id(), result.graph(), result.configs().snapshot()));
            DirectoryArtifact files = new DirectoryArtifact("model", folder);
            Map<String, QuantizationParameters> read = readable.read(files, entries);
            StringBuilder problems = new StringBuilder();
            ParameterComparison.problems(entries, read)
                    .forEach(p -> problems.append(p).append('\n'));
            readable.graph(files).ifPresent(g -> {
                Set<String> names = new LinkedHashSet<>();
                result.graph().nodes().forEach(n -> names.add(n.name()));
                for (Node n : g.nodes()) {
                    if (!names.contains(n.name())) {
                        problems.append("the graph has a node of its own: ")
                                .append(n.name())
                                .append('\n');
                    }
                }
            });
            try (Stream<Path> all = Files.walk(folder)) {
                assertThat(all.filter(Files::isRegularFile)).isNotEmpty();
            }
            return problems.toString();
        }
    }
}
