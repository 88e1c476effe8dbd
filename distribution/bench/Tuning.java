import dev.detent.host.data.Labels;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.Rule;
import dev.detent.host.rules.RuleText;
import dev.detent.host.settings.Effort;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.spi.HostInfo;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What tuning brings: one model for one target with one list of settings after another, scored by simulation on images that nothing
 * was calibrated on. Arguments: name=value, in any order; "run=" gives settings as on the command line, with commas between them, and begins a new
 * line of the table. Started by bench/tuning.
 */
final class Tuning {

    private record Scores(double top1, double agreement, double snr) {}

    private String model = "";
    private String preset = "none";
    private String calibration = "";
    private int calibrationSamples = 64;
    private String evaluation = "";
    private String labels = "";
    private int first;
    private int count = 200;
    private String target = "onnxruntime";
    private final List<String> runs = new ArrayList<>();

    public static void main(String[] args) {
        Tuning t = new Tuning();
        for (String a : args) {
            String[] pair = a.split("=", 2);
            switch (pair[0]) {
                case "model" -> t.model = pair[1];
                case "preset" -> t.preset = pair[1];
                case "calibration" -> t.calibration = pair[1];
                case "samples" -> t.calibrationSamples = Integer.parseInt(pair[1]);
                case "evaluation" -> t.evaluation = pair[1];
                case "labels" -> t.labels = pair[1];
                case "first" -> t.first = Integer.parseInt(pair[1]);
                case "count" -> t.count = Integer.parseInt(pair[1]);
                case "target" -> t.target = pair[1];
                case "run" -> t.runs.add(pair[1]);
                default -> throw new IllegalArgumentException(a);
            }
        }
        t.run();
    }

    private void run() {
        int workers = Runtime.getRuntime().availableProcessors();
        Registry registry = new PluginHost(Path.of(System.getProperty("detent.home"), "plugins"), true, new HostInfo("bench", "1.0.0")).load();
        Graph graph = OnnxReader.read(Path.of(model));
        GraphNormalizer.normalize(graph, model);
        Samples calibrated = inMemory(SampleLoader.open(graph, calibration, Preprocessing.parse(preset), calibrationSamples), 0);
        Samples scored = inMemory(SampleLoader.open(graph, evaluation, Preprocessing.parse(preset), first + count), first);
        int[] classes = labels.isEmpty() ? new int[0] : Labels.read(Path.of(labels), first + count);
        List<float[][]> exact = new ArrayList<>();
        try (Simulation s = Simulation.of(graph, Optional.<Quantization>empty(), Set.of(), OrtOptimizationLevel.ALL)) {
            exact = outputs(s, graph, scored);
        }
        double top1 = 0;
        for (int i = 0; i < exact.size(); i++) {
            top1 += classes.length > 0 && largest(exact.get(i)[0]) == classes[first + i] ? 1 : 0;
        }
        System.out.printf(Locale.ROOT, "%s for %s, %d + %d images, float top-1 %.1f%n", Path.of(model).getFileName(), target, calibrated.size(), scored.size(), 100 * top1 / exact.size());
        for (String r : runs) {
            Settings settings = settings(r);
            long start = System.nanoTime();
            long cpu = cpu();
            Pipeline.Result result = new Pipeline(graph::copy, calibrated, workers, Progress.QUIET).run(TargetPlan.of(registry, target, settings));
            double seconds = (System.nanoTime() - start) / 1e9;
            double used = (cpu() - cpu) / 1e9;
            Scores scores;
            try (Simulation s = Simulation.of(result.graph(), result.configs())) {
                scores = scores(exact, outputs(s, result.graph(), scored), classes);
            }
            System.out.printf(Locale.ROOT, "  %-60s top-1 %5.1f  agree %5.1f  %5.2f dB  %6.1f s (%.1f s cpu)%n", r.isEmpty() ? "as it is" : r, 100 * scores.top1(), 100 * scores.agreement(), scores.snr(), seconds, used);
            if (System.getProperty("problems") != null) {
                result.problems().forEach(p -> System.out.println("      " + p.sentence()));
            }
        }
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static Settings settings(String text) {
        Settings s = Settings.NONE;
        List<Rule> rules = new ArrayList<>();
        for (String one : text.isEmpty() ? new String[0] : text.split(",")) {
            if (one.startsWith("effort=")) {
                s = s.with(Effort.of(one.substring(7)).orElseThrow());
            } else if (one.startsWith("bits:")) {
                rules.add(RuleText.bits(one.substring(5)));
            } else if (one.startsWith("float:")) {
                rules.add(RuleText.keepFloat(one.substring(6)));
            } else {
                s = s.with(one);
            }
        }
        return s.with(rules);
    }

    private List<float[][]> outputs(Simulation s, Graph graph, Samples samples) {
        float[][][] all = new float[samples.size()][][];
        List<String> names = graph.outputs().stream().map(ValueInfo::name).toList();
        s.forEach(samples, Runtime.getRuntime().availableProcessors(), d -> { }, (i, o) -> {
            all[i] = names.stream().map(n -> o.floats(n).clone()).toArray(float[][]::new);
        });
        return List.of(all);
    }

    private Scores scores(List<float[][]> exact, List<float[][]> quantized, int[] classes) {
        double right = 0;
        double agreed = 0;
        double noise = 0;
        double power = 0;
        for (int i = 0; i < exact.size(); i++) {
            int q = largest(quantized.get(i)[0]);
            right += classes.length > 0 && q == classes[first + i] ? 1 : 0;
            agreed += q == largest(exact.get(i)[0]) ? 1 : 0;
            for (int o = 0; o < exact.get(i).length; o++) {
                float[] x = exact.get(i)[o];
                float[] y = quantized.get(i)[o];
                for (int k = 0; k < x.length; k++) {
                    power += (double) x[k] * x[k];
                    noise += ((double) x[k] - y[k]) * ((double) x[k] - y[k]);
                }
            }
        }
        return new Scores(right / exact.size(), agreed / exact.size(), 10 * Math.log10(power / noise));
    }

    private static int largest(float[] values) {
        int at = 0;
        for (int i = 1; i < values.length; i++) {
            at = values[i] > values[at] ? i : at;
        }
        return at;
    }

    private static Samples inMemory(Samples from, int first) {
        List<Sample> all = new ArrayList<>();
        for (int i = first; i < from.size(); i++) {
            all.add(from.get(i));
        }
        return new Samples() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }
        };
    }
}
