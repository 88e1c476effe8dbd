package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.Detent;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.job.TuneJob;
import dev.detent.host.job.TuneListener;
import dev.detent.host.job.TuneRequest;
import dev.detent.host.job.TuneResult;
import dev.detent.host.job.TuneTrial;
import dev.detent.host.progress.Progress;
import dev.detent.host.search.CostModel;
import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;
import dev.detent.host.settings.SettingsFile;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search for a mix, from the request to the rules that a person keeps. */
class TuneTest {

    @TempDir
    static Path work;

    private static Path model;
    private static Path data;

    /** Five convolutions in a row; the third has one channel thirty times as large as the others. */
    @BeforeAll
    static void prepare() throws IOException {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8, 6, 6));
        for (int i = 0; i < 5; i++) {
            float[] w = new float[8 * 8 * 9];
            Random random = new Random(i);
            for (int k = 0; k < w.length; k++) {
                w[k] = (float) random.nextGaussian() / 8;
                w[k] *= i == 2 && k < 72 ? 30 : i == 3 && k / 9 % 8 == 0 ? 1f / 30 : 1;
            }
            String in = i == 0 ? "x" : "r" + (i - 1);
            e.initializer("w" + i, Tensor.ofFloats(new long[] {8, 8, 3, 3}, w));
            e.add(Node.of(
                    "conv" + i,
                    "Conv",
                    List.of(in, "w" + i),
                    List.of(i == 4 ? "y" : "c" + i),
                    Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)))));
            if (i < 4) {
                e.add(Node.of("relu" + i, "Relu", List.of("c" + i), List.of("r" + i), Map.of()));
            }
        }
        model = work.resolve("net.onnx");
        OnnxWriter.write(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 8, 6, 6)).graph(), model);
        float[] values = new float[8 * 8 * 36];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        data = InstalledDistribution.npy(work.resolve("data.npy"), "8, 8, 6, 6", values);
    }

    /** Remembers what it was told. */
    private static class Told implements TuneListener {
        final List<String> lines = new ArrayList<>();

        @Override
        public void goal(Goal goal) {
            lines.add("goal");
        }

        @Override
        public void measured(SearchSpace space) {
            lines.add("measured " + space.groups().size());
        }

        @Override
        public void tried(TuneTrial trial) {
            lines.add("tried " + trial.number());
        }
    }

    private static TuneResult tune(String target, Path out, Goal goal, TuneListener told) {
        return tune(target, out, goal, Duration.ofMinutes(5), told);
    }

    private static TuneResult tune(String target, Path out, Goal goal, Duration budget, TuneListener told) {
        return Detent.of(TestPlatform.REGISTRY, "test")
                .tune(
                        new TuneRequest(
                                request(target, out)
                                        .evaluation(new EvaluationData.Source(data.toString(), 0, null))
                                        .build(),
                                floats -> goal,
                                CostModel.MACS,
                                budget),
                        Progress.QUIET,
                        told);
    }

    private static QuantizeRequest.Builder request(String target, Path out) {
        return QuantizeRequest.of(model, List.of(target), out).calibration(data.toString());
    }

    /** Only what has to be wider is; the mix as rules gives the same network again. */
    @Test
    void theMixHoldsTheGoalAndCanBeKeptAsRules() throws IOException {
        Path out = work.resolve("tuned");
        Told told = new Told();
        double plain = tune("onnxruntime", work.resolve("before"), new Goal.Snr(-20), new Told())
                .best()
                .scores()
                .usual()
                .snr();
        TuneResult result = tune("onnxruntime", out, new Goal.Snr(plain + 2), told);
        assertThat(told.lines)
                .startsWith("goal", "tried 0")
                .contains("measured " + result.space().groups().size());
        assertThat(result.best().holds()).isTrue();
        assertThat(result.best().scores().usual().snr()).isGreaterThanOrEqualTo(plain + 2);
        assertThat(result.trials().get(0).holds()).isFalse();
        assertThat(result.best().groups()).isBetween(1, result.space().groups().size() - 1);
        assertThat(out.resolve("net.qdq.onnx")).exists();

        Path again = work.resolve("again");
        Detent.of(TestPlatform.REGISTRY, "test")
                .quantize(
                        request("onnxruntime", again)
                                .settings(SettingsFile.read(out.resolve(TuneJob.RULES), List.of("rules"))
                                        .settings())
                                .build(),
                        Progress.QUIET);
        assertThat(again.resolve("net.qdq.onnx")).hasSameBinaryContentAs(out.resolve("net.qdq.onnx"));
    }

    /** Where the target's own rules do, nothing is measured. */
    @Test
    void whatHoldsAtOnceStaysAsItIs() throws IOException {
        Path out = work.resolve("plain");
        Told told = new Told();
        TuneResult result = tune("onnxruntime", out, new Goal.Snr(-20), told);
        assertThat(told.lines).containsExactly("goal", "tried 0");
        assertThat(result.best().groups()).isZero();
        assertThat(Files.readString(out.resolve(TuneJob.RULES))).contains("rules: []");
    }

    /** When there is no time for a second trial, the first is written, and said to miss the goal. */
    @Test
    void withoutTimeTheNearestIsWritten() {
        Path out = work.resolve("never");
        TuneResult result = tune("nnie", out, new Goal.Snr(300), Duration.ZERO, new Told());
        assertThat(result.best().holds()).isFalse();
        assertThat(result.trials()).hasSize(1);
        assertThat(out.resolve("detent.json")).exists();
    }

    /**
     * Every improvement is a finished folder at once: whoever looks while the search runs finds a whole run; its layers
     * are judged at the end.
     */
    @Test
    void theBestSoFarIsAlwaysThere() {
        Path out = work.resolve("anytime");
        List<Boolean> whole = new ArrayList<>();
        List<Long> reports = new ArrayList<>();
        Told told = new Told() {
            @Override
            public void tried(TuneTrial trial) {
                if (trial.number() > 0) {
                    whole.add(Files.exists(out.resolve("net.qdq.onnx")) && Files.exists(out.resolve("detent.json")));
                    reports.add(out.resolve(OutputNames.REPORT).toFile().length());
                }
            }
        };
        tune("onnxruntime", out, new Goal.Snr(40), told);
        assertThat(whole).isNotEmpty().doesNotContain(false);
        assertThat(reports)
                .allMatch(n -> n < out.resolve(OutputNames.REPORT).toFile().length());
    }

    @Test
    void aSearchNeedsOneTargetAndDataToJudgeBy() {
        TuneRequest blind = new TuneRequest(
                request("onnxruntime", work.resolve("x")).build(),
                f -> new Goal.Snr(1),
                CostModel.BYTES,
                Duration.ofSeconds(1));
        assertThatThrownBy(() -> Detent.of(TestPlatform.REGISTRY, "test").tune(blind, Progress.QUIET, new Told()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("--evaluate");
    }
}
