package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Formatting and equalization keep what a model computes; formatting establishes what later steps rely on. */
class FormattingTest {

    @TempDir
    static Path work;

    private static void same(Graph before, Path file, Graph after, double decibels) {
        Samples samples = TestPlatform.noise(before, 2);
        List<String> outputs = before.outputs().stream().map(ValueInfo::name).toList();
        try (OrtModel a = OrtModel.of(file, OrtOptimizationLevel.NONE);
                OrtModel b = OrtModel.of(after, OrtOptimizationLevel.NONE, file.toString())) {
            EvaluationMetrics.Reference reference =
                    EvaluationMetrics.Reference.of(outputs, samples, (s, sink) -> a.forEach(s, 1, d -> {}, sink));
            EvaluationMetrics score = reference.score((s, sink) -> b.forEach(s, 1, d -> {}, sink), Optional.empty());
            assertThat(score.snr()).as(file.toString()).isGreaterThan(decibels);
        }
    }

    @Test
    void everyCorpusModelComputesTheSameAfterFormatting() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("a"));
        int models = 0;
        try (Stream<Path> files = Files.list(corpus.resolve("models"))) {
            for (Path f :
                    files.filter(p -> p.toString().endsWith(".onnx")).sorted().toList()) {
                if (f.endsWith("soi_max.onnx")) {
                    // Integer Max is not legal in its opset: ONNX Runtime runs it only after formatting has raised the
                    // opset.
                    continue;
                }
                Graph before = OnnxReader.read(f);
                Graph after = before.copy();
                GraphNormalizer.normalize(after, f.toString());
                same(before, f, after, 100);
                assertThat(after.opset()).isGreaterThanOrEqualTo(13);
                for (Node n : after.nodes()) {
                    assertThat(n.is("Constant", "Dropout")).isFalse();
                    for (String i : n.inputs()) {
                        assertThat(after.isInitializer(i) && after.uses(i).size() > 1)
                                .as(f + " " + i)
                                .isFalse();
                    }
                }
                models++;
            }
        }
        assertThat(models).isEqualTo(40);
    }

    @Test
    void mergedConvolutionsKeepTheirPlace() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("b"));
        Graph g = OnnxReader.read(corpus.resolve("models/mobile.onnx"));
        List<String> before = g.nodes().stream()
                .filter(n -> n.is("Conv", "Gemm", "Clip"))
                .map(Node::name)
                .toList();
        GraphNormalizer.normalize(g, "mobile");
        assertThat(g.nodes().stream().filter(n -> n.is("Conv", "Gemm", "Clip")).map(Node::name))
                .containsExactlyElementsOf(before);
        assertThat(g.nodes()).noneMatch(n -> n.is("BatchNormalization"));
    }

    @Test
    void equalizationAndBiasFoldingKeepTheFunction() throws IOException {
        Path corpus = InstalledDistribution.corpus(work.resolve("c"));
        for (String model :
                List.of("resnet", "mobile", "deconv", "gemm", "biasadd", "inception", "addchain", "shared")) {
            Path f = corpus.resolve("models/" + model + ".onnx");
            if (!Files.exists(f)) {
                continue;
            }
            Graph before = OnnxReader.read(f);
            Graph after = TestPlatform.quantize(
                            before,
                            "dsp",
                            TestPlatform.noise(before, 2),
                            1,
                            "equalization.threshold=0",
                            "equalization.level=2",
                            "baking=off",
                            "bias-correction=off")
                    .graph();
            same(before, f, after, 80);
        }
    }
}
