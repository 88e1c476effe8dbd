package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.Detent;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.job.MetricCommand;
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
import java.util.Objects;
import java.util.Optional;
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
        public void resumed(int trials) {
            lines.add("resumed " + trials);
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
        double plain = snr(tune("onnxruntime", work.resolve("before"), new Goal.Snr(-20), new Told()));
        TuneResult result = tune("onnxruntime", out, new Goal.Snr(plain + 2), told);
        assertThat(told.lines)
                .startsWith("goal", "tried 0")
                .contains("measured " + result.space().groups().size());
        assertThat(result.best().holds()).isTrue();
        assertThat(snr(result)).isGreaterThanOrEqualTo(plain + 2);
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

    private static double snr(TuneResult result) {
        return Objects.requireNonNull(result.outcome().scores().get("simulated"))
                .snr();
    }

    /** A search that was ended goes on: what it measured is not measured again, and the end is the same. */
    @Test
    void anEndedSearchGoesOn() throws IOException {
        Path whole = work.resolve("whole");
        Told uninterrupted = new Told();
        tune("onnxruntime", whole, new Goal.Snr(40), uninterrupted);
        Path out = work.resolve("ended");
        Told ended = new Told() {
            @Override
            public void tried(TuneTrial trial) {
                super.tried(trial);
                if (trial.number() == 2) {
                    throw new IllegalStateException("killed");
                }
            }
        };
        assertThatThrownBy(() -> tune("onnxruntime", out, new Goal.Snr(40), ended))
                .hasMessage("killed");
        assertThat(out.resolve("detent.json")).exists();
        assertThat(out.resolve(OutputNames.TUNE)).exists();

        Told again = new Told();
        TuneResult result = tune("onnxruntime", out, new Goal.Snr(40), again);
        assertThat(again.lines).contains("resumed 2");
        assertThat(again.lines.stream().filter(l -> l.startsWith("tried")))
                .containsExactlyElementsOf(uninterrupted.lines.stream()
                        .filter(l -> l.startsWith("tried"))
                        .toList());
        assertThat(out.resolve("net.qdq.onnx")).hasSameBinaryContentAs(whole.resolve("net.qdq.onnx"));
        assertThat(out.resolve(TuneJob.RULES)).hasSameTextualContentAs(whole.resolve(TuneJob.RULES));

        // Once more: all is known, and nothing is tried.
        TuneResult known = tune("onnxruntime", out, new Goal.Snr(40), new Told());
        assertThat(known.trials()).hasSameSizeAs(result.trials());
        // Another goal is another search.
        Told other = new Told();
        tune("onnxruntime", out, new Goal.Snr(30), other);
        assertThat(other.lines).noneMatch(l -> l.startsWith("resumed"));
        Told nearlyTheSame = new Told();
        tune("onnxruntime", out, new Goal.Snr(30.01), nearlyTheSame);
        assertThat(nearlyTheSame.lines).noneMatch(l -> l.startsWith("resumed"));
    }

    /** A folder's memory that somebody damaged is no reason to fail. */
    @Test
    void aDamagedMemoryIsLeftAlone() throws IOException {
        Path out = work.resolve("damaged");
        tune("onnxruntime", out, new Goal.Snr(40), new Told());
        Files.writeString(out.resolve(OutputNames.TUNE), "{\"search\": 7, \"trials\": [");
        Told told = new Told();
        tune("onnxruntime", out, new Goal.Snr(40), told);
        assertThat(told.lines).noneMatch(l -> l.startsWith("resumed"));

        String whole = Files.readString(out.resolve(OutputNames.TUNE));
        String edited = whole.replaceFirst("(\"mix\": \\[\\s*)\\d", "$17");
        assertThat(edited).isNotEqualTo(whole);
        Files.writeString(out.resolve(OutputNames.TUNE), edited);
        Told again = new Told();
        tune("onnxruntime", out, new Goal.Snr(40), again);
        assertThat(again.lines).noneMatch(l -> l.startsWith("resumed"));
    }

    /** Any command may judge: here, how many bytes the file has. */
    @Test
    void aCommandOfThePersonsJudges() {
        Path out = work.resolve("commanded");
        TuneResult result = tune(
                out,
                new Goal.Command(MetricCommand.ID, 1),
                Optional.of("echo checking; wc -c < {folder}/net.qdq.onnx"));
        assertThat(result.best().shown()).matches("command [0-9.]+");
        assertThatThrownBy(() -> tune(
                        work.resolve("failing"),
                        new Goal.Command(MetricCommand.ID, 1),
                        Optional.of("echo out of luck; exit 3")))
                .hasMessageContaining("exit code 3, saying 'out of luck'");
        assertThatThrownBy(() ->
                        tune(work.resolve("wordy"), new Goal.Command(MetricCommand.ID, 1), Optional.of("echo fine")))
                .hasMessageContaining("no number");
        assertThatThrownBy(() -> tune(work.resolve("alone"), new Goal.Snr(1), Optional.of("echo 1")))
                .hasMessageContaining("--min-metric command=VALUE");
    }

    private static TuneResult tune(Path out, Goal goal, Optional<String> command) {
        return Detent.of(TestPlatform.REGISTRY, "test")
                .tune(
                        new TuneRequest(
                                request("onnxruntime", out)
                                        .evaluation(new EvaluationData.Source(data.toString(), 0, null))
                                        .build(),
                                floats -> goal,
                                command.map(MetricCommand::new),
                                CostModel.TIME,
                                Duration.ofMinutes(5)),
                        Progress.QUIET,
                        new Told());
    }

    /** Time is measured on the float network, and a search that saves it ends like any other. */
    @Test
    void timeIsACost() {
        TuneResult result = tune(work.resolve("timed"), new Goal.Snr(40), Optional.empty());
        assertThat(result.space().units().stream()
                        .mapToDouble(
                                u -> u.choices().get(u.choices().size() - 1).cost()))
                .allMatch(c -> c > 1e-6);
        assertThat(result.best().holds()).isTrue();
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
