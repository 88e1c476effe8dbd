import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.progress.Progress;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.Registry;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.Simulation;
import dev.detent.spi.HostInfo;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Ratios to plain FP32 ONNX Runtime inference over the same samples on the same cores in the same run: each against the plain run just before
 * it, so that a machine that is slow for a while is slow for both; the median of several rounds, and the quartiles around it.
 * Arguments: MODEL DATA PRESET SAMPLES. Started by bench/run with the distribution's libraries.
 */
final class Bench {

    private static final int ROUNDS = 9;

    public static void main(String[] args) throws Exception {
        Path model = Path.of(args[0]);
        int count = Integer.parseInt(args[3]);
        int workers = Runtime.getRuntime().availableProcessors();
        Registry registry = new PluginHost(Path.of(System.getProperty("detent.home"), "plugins"), false, new HostInfo("bench", "1.0.0")).load();
        Graph graph = OnnxReader.read(model);
        GraphNormalizer.normalize(graph, args[0]);
        Samples samples = inMemory(SampleLoader.open(graph, args[1], Preprocessing.parse(args[2]), count));
        Pipeline.Result result = new Pipeline(graph::copy, samples, workers, Progress.QUIET)
                .run(TargetPlan.of(registry, "onnxruntime", Settings.NONE));

        // What calibration observes: every value whose config has parameters of its own.
        Map<String, TensorQuantization> observed = new LinkedHashMap<>();
        for (TensorQuantization c : result.configs().configs()) {
            if (!c.isInitializer() && c.isOwnRoot() && c.qparams().isPresent()) {
                observed.putIfAbsent(c.value(), c);
            }
        }
        Map<String, List<Double>> ratios = new LinkedHashMap<>();
        double[] best = {Double.POSITIVE_INFINITY};
        try (OrtModel plain = OrtModel.of(model, OrtOptimizationLevel.ALL);
                SegmentedSimulation cut = SegmentedSimulation.of(result.floatGraph(), Optional.empty(), observed.keySet(), OrtOptimizationLevel.ALL);
                SegmentedSimulation live = SegmentedSimulation.of(result.graph(), Optional.of(result.configs()), Set.of(), OrtOptimizationLevel.ALL);
                Simulation simulated = Simulation.of(result.graph(), result.configs())) {
            for (int r = 0; r < ROUNDS; r++) {
                Map<String, Runnable> turns = new LinkedHashMap<>();
                for (String method : List.of("minmax", "mse", "percentile")) {
                    turns.put(method, () -> cut.observe(observations(registry, observed, method), samples, workers, d -> { }));
                }
                turns.put("segments alone", () -> cut.forEach(samples, workers, d -> { }, (i, o) -> { }));
                turns.put("simulation, cut", () -> live.forEach(samples, workers, d -> { }, (i, o) -> { }));
                turns.put("simulation", () -> simulated.forEach(samples, workers, d -> { }, (i, o) -> { }));
                boolean warm = r > 0;
                turns.forEach((name, turn) -> {
                    double unit = seconds(() -> plain.forEach(samples, workers, d -> { }, (i, o) -> { }));
                    double ratio = seconds(turn) / unit;
                    if (warm) {
                        best[0] = Math.min(best[0], unit);
                        ratios.computeIfAbsent(name, k -> new ArrayList<>()).add(ratio);
                    }
                });
            }
            double toggles = toggle(live, result);
            System.out.printf(Locale.ROOT, "%s, %d samples, %d cores, %d observed tensors, plain %.1f samples/s%n", model.getFileName(), samples.size(),
                    workers, observed.size(), samples.size() / best[0]);
            ratios.forEach((name, all) -> {
                all.sort(null);
                System.out.printf(Locale.ROOT, "  %-16s %.3f  (%.3f to %.3f)%n", name, quantile(all, .5), quantile(all, .25), quantile(all, .75));
            });
            System.out.printf(Locale.ROOT, "  all %d configs of a live session switched off and on: %.3f ms%n", result.configs().configs().size(), toggles);
            long before = resident();
            cut.observe(observations(registry, observed, "mse"), repeated(samples, 100), workers, d -> { });
            long small = resident();
            cut.observe(observations(registry, observed, "mse"), repeated(samples, 3000), workers, d -> { });
            long large = resident();
            System.out.printf(Locale.ROOT, "  resident memory: %d MB before, %d MB after 100 samples, %d MB after 3000 (%+.1f %%)%n", before >> 10, small >> 10,
                    large >> 10, 100.0 * (large - small) / small);
        }
    }

    private static double toggle(SegmentedSimulation m, Pipeline.Result result) {
        double best = Double.POSITIVE_INFINITY;
        for (int r = 0; r < 20; r++) {
            long start = System.nanoTime();
            for (boolean on : new boolean[] {false, true}) {
                result.configs().configs().forEach(c -> m.toggle(c.slot(), on));
            }
            best = Math.min(best, (System.nanoTime() - start) / 1e6);
        }
        return best;
    }

    private static List<Simulator.Observation<Observer>> observations(Registry registry, Map<String, TensorQuantization> observed, String method) {
        List<Simulator.Observation<Observer>> all = new ArrayList<>();
        observed.forEach((v, c) -> all.add(new Simulator.Observation<>(v, method + c.scheme().axis(), () -> registry.create(method, c.scheme()))));
        return all;
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static double quantile(List<Double> sorted, double at) {
        double place = at * (sorted.size() - 1);
        int below = (int) place;
        return sorted.get(below) + (place - below) * (sorted.get(Math.min(below + 1, sorted.size() - 1)) - sorted.get(below));
    }

    private static Samples inMemory(Samples from) {
        List<Sample> all = new ArrayList<>();
        for (int i = 0; i < from.size(); i++) {
            all.add(from.get(i));
        }
        return repeated(new Samples() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }
        }, all.size());
    }

    private static Samples repeated(Samples from, int size) {
        return new Samples() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Sample get(int index) {
                return from.get(index % from.size());
            }
        };
    }

    /** VmRSS in kB; 0 where the system has no /proc. */
    private static long resident() throws Exception {
        System.gc();
        Path status = Path.of("/proc/self/status");
        return Files.exists(status) ? Files.readAllLines(status).stream().filter(l -> l.startsWith("VmRSS")).findFirst()
                .map(l -> Long.parseLong(l.replaceAll("\\D", ""))).orElse(0L) : 0;
    }
}
