package dev.detent.cli;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.job.EvaluateRequest;
import dev.detent.host.job.EvaluateResult;
import dev.detent.host.model.ModelFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "evaluate", description = "Scores float, simulated and exported model on data.", sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "the float model that was quantized")
    Path model;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "output folder of 'detent quantize', of one target or several")
    Path out;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "caffemodel of a Caffe network (default: the one beside the prototxt)")
    Optional<Path> weights = Optional.empty();

    @Option(names = "--data", required = true, paramLabel = "PATH", description = "as --calibration of quantize")
    String data;

    @Option(names = "--labels", paramLabel = "FILE", description = "class labels (.npy or CSV file,label)")
    Optional<Path> labels = Optional.empty();

    @Option(
            names = {"--preset", "--preprocess"},
            paramLabel = "P",
            description = "preprocessing (default: that of the calibration)")
    Optional<String> preset = Optional.empty();

    @Option(
            names = "--samples",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "at most so many samples")
    int samples;

    @Option(
            names = "--threads",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "samples run side by side (default: number of cores)")
    Optional<Integer> threads = Optional.empty();

    @Mixin
    IsolationOptions isolation;

    @Mixin
    EngineOptions engine;

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() throws Exception {
        engine.prepare();
        return isolation.run(this::evaluate);
    }

    private int evaluate() {
        Console console = new Console();
        EvaluateResult result = home.detent()
                .evaluate(
                        new EvaluateRequest(
                                new ModelFile(model, weights),
                                out,
                                new EvaluationData.Source(data, samples, labels.orElse(null)),
                                preset.map(Preprocessing::parse).orElse(null),
                                threads.orElse(Runtime.getRuntime().availableProcessors())),
                        console.progress());
        result.problems().forEach(console::problem);
        Map<String, Map<String, EvaluationMetrics>> scores = result.scores();
        if (scores.size() == 1) {
            scores.values().forEach(s -> {
                show(console, s);
                Evaluation.differences(s).forEach(console::problem);
            });
        } else {
            showSeveral(console, scores);
        }
        return 0;
    }

    private static void showSeveral(Console console, Map<String, Map<String, EvaluationMetrics>> scores) {
        console.line(String.format(Locale.ROOT, "%-18s %9s %10s %10s", "", "top-1", "agreement", "SNR"));
        // What the float model scores is the same for every target.
        scores.values().stream()
                .limit(1)
                .forEach(s -> EvaluationMetrics.rows(s).stream().limit(1).forEach(r -> row(console, "float", r, "")));
        scores.forEach((target, s) -> {
            EvaluationMetrics.rows(s).stream().skip(1).forEach(r -> row(console, target, r, "  " + r.get(0)));
            Evaluation.differences(s).forEach(p -> console.problem(p, target));
        });
    }

    private static void row(Console console, String title, List<String> r, String kind) {
        console.line(String.format(Locale.ROOT, "%-18s %9s %10s %10s%s", title, r.get(1), r.get(2), r.get(3), kind));
    }

    static void show(Console console, Map<String, EvaluationMetrics> scores) {
        console.line(String.format(Locale.ROOT, "%-10s %9s %10s %10s", "", "top-1", "agreement", "SNR"));
        EvaluationMetrics.rows(scores).forEach(r -> {
            console.line(String.format(Locale.ROOT, "%-10s %9s %10s %10s", r.toArray()));
            // The mean over several outputs would hide one that is lost.
            Objects.requireNonNull(scores.get(r.get(0)))
                    .outputRows()
                    .forEach(o -> console.line(String.format(Locale.ROOT, "  %-28s %10s", o.toArray())));
        });
    }
}
