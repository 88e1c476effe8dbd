import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.BlockWalk;
import dev.detent.runtime.Samples;
import dev.detent.spi.HostInfo;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.run.Differentiator;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What one step of {@code lsq} costs: forward, backward, weights, scales, biases and Adam of one block, in CPU milliseconds of one thread. The pass
 * is run whole with few steps and with many; the difference counts. Prints the block's nodes, for block_step.py to time the same in torch.
 * Arguments: MODEL DATA PRESET BLOCK BATCH. Started by bench/block_step.
 */
final class BlockStep {

    private static final int FEW = 20;
    private static final int MANY = 140;

    private final Registry registry =
            new PluginHost(Path.of(System.getProperty("detent.home"), "plugins"), false, new HostInfo("bench", "1.0.0")).load();
    private final Graph graph;
    private final Samples samples;
    private final int batch;

    private BlockStep(String model, String data, String preset, int batch) {
        this.graph = OnnxReader.read(Path.of(model));
        GraphNormalizer.normalize(graph, model);
        this.samples = SampleLoader.open(graph, data, Preprocessing.parse(preset), batch + 1).remembering(1L << 30);
        this.batch = batch;
    }

    public static void main(String[] args) {
        BlockStep bench = new BlockStep(args[0], args[1], args[2], Integer.parseInt(args[4]));
        int wanted = Integer.parseInt(args[3]);
        List<Node> nodes = bench.block(wanted);
        String names = String.join(",", nodes.stream().map(Node::name).toList());
        for (int round = 0; round < 2; round++) {
            double few = bench.seconds(names, FEW);
            double many = bench.seconds(names, MANY);
            System.out.printf(Locale.ROOT, "detent %.2f%n", 1000 * (many - few) / (MANY - FEW));
        }
        nodes.forEach(n -> System.out.println("node " + n.outputs().get(0)));
    }

    private List<Node> block(int wanted) {
        Pipeline.Result plain = run("");
        List<Node> found = new ArrayList<>();
        new BlockWalk(plain.graph(), graph, plain.configs(), samples, 1, (done, count) -> {})
                .walk(new Differentiator.Cutting(4, batch, 0, 1L << 30), b -> found.addAll(b.index() == wanted ? b.nodes() : List.of()));
        return found;
    }

    private Pipeline.Result run(String settings) {
        Settings s = Settings.NONE.with("float-fallback=off").with("bias-correction=off");
        for (String one : settings.isEmpty() ? new String[0] : settings.split(" ")) {
            s = s.with(one);
        }
        return new Pipeline(graph::copy, samples, 1, Progress.QUIET).run(TargetPlan.of(registry, "onnxruntime", s));
    }

    private double seconds(String names, int steps) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long before = system.getProcessCpuTime();
        run("lsq=on lsq.samples=" + batch + " lsq.held-out=1 lsq.batch=" + batch + " lsq.steps=" + steps + " lsq.interested-layers=" + names);
        return (system.getProcessCpuTime() - before) / 1e9;
    }
}
