import dev.detent.host.Detent;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.progress.Progress;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.spi.HostInfo;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Quantizes every model below a folder as onnx_backend_tests.py lays them out, each on its own data, and verifies what was written. One line per
 * model goes to RESULTS: fine, refused, wrong or unusable (ONNX Runtime itself cannot run the float model), and why. Models that have a
 * line are left out, so that a run that was ended goes on. A model hangs when it takes more processor time than a minute and a second for each of its
 * megabytes, or ten minutes by the clock: it gets its line, and the program ends with 75, to be started again. Arguments: TESTS RESULTS TARGET SCRATCH.
 */
final class OnnxBackendTests {

    /** In dB; the data are one sample of noise, so that no more than "not destroyed" can be asked. */
    private static final double DESTROYED = 10;

    public static void main(String[] args) throws Exception {
        Path tests = Path.of(args[0]);
        Path results = Path.of(args[1]);
        Path out = Path.of(args[3]).resolve("out");
        Set<String> done = new TreeSet<>();
        if (Files.exists(results)) {
            Files.readAllLines(results).forEach(l -> done.add(l.split("\t")[0]));
        }
        List<Path> models;
        try (Stream<Path> all = Files.walk(tests)) {
            // Large ones last: one that takes all memory is found when the others have their line.
            models = all.filter(p -> p.endsWith("model.onnx")).sorted(Comparator.comparing((Path p) -> p.toFile().length() >> 20).thenComparing(p -> p)).toList();
        }
        var registry = new PluginHost(Path.of(System.getProperty("detent.home"), "plugins"), false, new HostInfo("tests", "1.0.0")).load();
        Detent detent = Detent.of(registry, "tests");
        for (Path model : models) {
            String name = tests.relativize(model.getParent()).toString();
            if (done.contains(name)) {
                continue;
            }
            // What ends the whole JVM is found in the results as begun.
            append(results, name + "\tdied\tthe JVM ended\n");
            CompletableFuture<String> job = CompletableFuture.supplyAsync(() -> quantize(detent, model, args[2], out), r -> {
                Thread t = new Thread(r, name);
                t.setDaemon(true);
                t.start();
            });
            Optional<String> line = inTime(job, Duration.ofSeconds(60 + (Files.size(model) >> 20)));
            append(results, name + "\t" + line.orElse("wrong\thangs") + "\n");
            if (line.isEmpty()) {
                Runtime.getRuntime().halt(75);
            }
        }
    }

    private static Optional<String> inTime(CompletableFuture<String> job, Duration limit) throws Exception {
        Duration begun = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
        for (int second = 0; second < 600; second++) {
            try {
                return Optional.of(job.get(1, TimeUnit.SECONDS));
            } catch (TimeoutException e) {
                Duration used = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).minus(begun);
                if (used.compareTo(limit) > 0) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    private static void append(Path file, String line) throws Exception {
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static String quantize(Detent detent, Path model, String target, Path out) {
        String data = model.resolveSibling("data").toString();
        // A model that ONNX Runtime does not load, or not run on the test's own data, says nothing about Detent.
        try (OrtModel plain = OrtModel.of(model, OrtOptimizationLevel.ALL)) {
            plain.forEach(SampleLoader.open(OnnxReader.read(model), data, Preprocessing.parse("none"), 0), 1, d -> {}, (i, o) -> {});
        } catch (UserException e) {
            String id = e.problems().get(0).id();
            if (id.equals("DT-RUN-001") || id.equals("DT-RUN-003")) {
                return "unusable\t" + e.problems().get(0).sentence();
            }
        }
        try {
            QuantizeOutcome o = detent.quantize(
                            QuantizeRequest.of(model, List.of(target), out).calibration(data).evaluation(new EvaluationData.Source(data, 0, null)).build(),
                            Progress.QUIET)
                    .outcome();
            List<String> said = new ArrayList<>();
            List<String> ids = o.problems().stream().filter(p -> p.severity() != Problem.Severity.NOTE).map(Problem::id).distinct().toList();
            detent.verify(out, Optional.empty()).targets().forEach(r -> r.problems().stream().filter(p -> p.severity() == Problem.Severity.ERROR)
                    .forEach(p -> said.add("verify: " + p)));
            Map<String, EvaluationMetrics> scores = o.scores();
            EvaluationMetrics last = scores.containsKey("exported") ? scores.get("exported") : scores.get("simulated");
            if (last == null) {
                said.add("no scores");
            } else if (last.snr() < DESTROYED && ids.isEmpty()) {
                said.add("destroyed without a word");
            }
            String score = last == null ? "" : String.format(Locale.ROOT, "%.1f dB, %d of %d nodes", Math.min(99, last.snr()), o.nodes(), o.model().nodes());
            return (said.isEmpty() ? "fine" : "wrong") + "\t" + score + " " + ids + " " + String.join("; ", said);
        } catch (UserException e) {
            return "refused\t" + e.problems().get(0);
        } catch (DetentException e) {
            return "wrong\t" + e.problems().get(0);
        } catch (RuntimeException | Error e) {
            StackTraceElement[] at = e.getStackTrace();
            return "wrong\t" + e + (at.length > 0 ? " at " + at[0] : "");
        }
    }
}
