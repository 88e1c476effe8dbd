import com.sun.management.OperatingSystemMXBean;
import dev.detent.cli.Main;
import dev.detent.onnx.OnnxWriter;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code detent quantize} costs by the size and the kind of a graph: processor time of the whole command, with data, files and report, and how
 * much faster than n log n it grew from the size before. Arguments: BACKEND KINDS SIZES, the last two with commas; all kinds without. Started by
 * bench/graphs with the distribution's libraries.
 */
final class Graphs {

    /** Adds about n nodes behind a convolution's result of eight channels. */
    private interface Kind {
        void grow(GraphEditor graph, int n);
    }

    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("convolutions", Graphs::convolutions);
        KINDS.put("pass-through", Graphs::passThrough);
        KINDS.put("diamonds", Graphs::diamonds);
        KINDS.put("nested", Graphs::nested);
        KINDS.put("branches", Graphs::branches);
        KINDS.put("outputs", Graphs::outputs);
        KINDS.put("constants", Graphs::constants);
        KINDS.put("shared", Graphs::shared);
    }

    private static final OperatingSystemMXBean MACHINE = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    public static void main(String[] args) throws IOException {
        String backend = args[0];
        List<String> kinds = args.length > 1 && !args[1].equals("all") ? List.of(args[1].split(",")) : List.copyOf(KINDS.keySet());
        int[] sizes = Arrays.stream((args.length > 2 ? args[2] : "10,100,1000,5000,10000,50000").split(",")).mapToInt(Integer::parseInt).toArray();
        Path work = ScratchFolder.folder("graphs");
        PrintStream out = System.out;
        out.printf(Locale.ROOT, "%s, -Xmx%dm%n%-14s %7s %9s %9s %9s %s%n", backend, Runtime.getRuntime().maxMemory() >> 20, "kind", "nodes", "CPU s",
                "wall s", "us/node", "growth against n log n");
        // What Java loads and compiles first belongs to no graph.
        run(work, backend, KINDS.get("convolutions"), 100);
        for (String kind : kinds) {
            double before = 0;
            for (int i = 0; i < sizes.length; i++) {
                int n = sizes[i];
                long wall = System.nanoTime();
                double seconds = run(work, backend, KINDS.get(kind), n);
                String growth = i == 0 ? "" : String.format(Locale.ROOT, "%.2f", seconds / before / (cost(n) / cost(sizes[i - 1])));
                out.printf(Locale.ROOT, "%-14s %7d %9.2f %9.2f %9.1f %s%n", kind, n, seconds, (System.nanoTime() - wall) / 1e9, seconds / n * 1e6, growth);
                before = seconds;
            }
        }
    }

    private static double cost(int n) {
        return n * (Math.log(n) / Math.log(2));
    }

    /** @return processor seconds */
    private static double run(Path work, String backend, Kind kind, int n) throws IOException {
        Path model = work.resolve("model.onnx");
        GraphEditor graph = new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
        convolution(graph, "first", "x", "w0", 8, 4, "v0");
        kind.grow(graph, n);
        OnnxWriter.write(graph.graph(), model);
        Path data = npy(work.resolve("x.npy"), "1, 4, 8, 8", noise(4 * 8 * 8, 1));
        PrintStream out = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        long start = MACHINE.getProcessCpuTime();
        try {
            int code = Main.run("quantize", model.toString(), "--backend", backend, "--calibration", data.toString(), "--out", work.resolve("out").toString());
            if (code != 0) {
                throw new IllegalStateException("exit code " + code);
            }
        } finally {
            System.setOut(out);
        }
        return (MACHINE.getProcessCpuTime() - start) / 1e9;
    }

    private static void convolutions(GraphEditor g, int n) {
        for (int i = 0; i < n; i += 2) {
            convolution(g, "conv" + i, "v" + i, "w" + (i + 1), 8, 8, "v" + (i + 1));
            node(g, "Relu", "v" + (i + 2), "v" + (i + 1));
        }
        output(g, "v" + (n + 1) / 2 * 2);
    }

    private static void passThrough(GraphEditor g, int n) {
        g.initializer("shape", Tensor.ofLongs(new long[] {4}, 1, 8, 8, 8));
        for (int i = 0; i < n; i++) {
            node(g, "Reshape", "v" + (i + 1), "v" + i, "shape");
        }
        output(g, "v" + n);
    }

    /** Two ways from each join to the next. */
    private static void diamonds(GraphEditor g, int n) {
        for (int i = 0; i < n / 3; i++) {
            node(g, "Relu", "l" + i, "v" + i);
            node(g, "Tanh", "r" + i, "v" + i);
            node(g, "Add", "v" + (i + 1), "l" + i, "r" + i);
        }
        output(g, "v" + n / 3);
    }

    /** Each node reads the two in front of it: as many ways as Fibonacci's numbers. */
    private static void nested(GraphEditor g, int n) {
        node(g, "Relu", "v1", "v0");
        for (int i = 2; i < n; i++) {
            node(g, i % 3 == 0 ? "Max" : i % 3 == 1 ? "Add" : "Min", "v" + i, "v" + (i - 1), "v" + (i - 2));
        }
        output(g, "v" + (n - 1));
    }

    private static void branches(GraphEditor g, int n) {
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            node(g, i % 2 == 0 ? "Relu" : "Sigmoid", "b" + i, "v0");
            ends.add("b" + i);
        }
        node(g, "Concat", "all", ends.toArray(String[]::new));
        output(g, "all");
    }

    private static void outputs(GraphEditor g, int n) {
        for (int i = 0; i < n; i++) {
            node(g, i % 2 == 0 ? "Relu" : "Sigmoid", "o" + i, "v0");
            output(g, "o" + i);
        }
    }

    private static void constants(GraphEditor g, int n) {
        g.initializer("c0", Tensor.ofFloats(new long[] {1, 8, 1, 1}, noise(8, 3)));
        for (int i = 0; i < n; i++) {
            node(g, i % 2 == 0 ? "Identity" : "Neg", "c" + (i + 1), "c" + i);
        }
        node(g, "Add", "end", "v0", "c" + n);
        output(g, "end");
    }

    /** All convolutions read one weight. */
    private static void shared(GraphEditor g, int n) {
        g.initializer("w", Tensor.ofFloats(new long[] {8, 8, 1, 1}, noise(64, 5)));
        for (int i = 0; i < n; i++) {
            g.add(Node.of("conv" + i, "Conv", List.of("v" + i, "w"), List.of("v" + (i + 1)), Map.of()));
        }
        output(g, "v" + n);
    }

    private static void convolution(GraphEditor g, String name, String input, String weight, int to, int from, String output) {
        g.initializer(weight, Tensor.ofFloats(new long[] {to, from, 1, 1}, noise(to * from, weight.hashCode())));
        g.add(Node.of(name, "Conv", List.of(input, weight), List.of(output), Map.of()));
    }

    private static void node(GraphEditor g, String type, String output, String... inputs) {
        g.add(Node.of("n_" + output, type, List.of(inputs), List.of(output), type.equals("Concat") ? Map.of("axis", new Attribute.IntValue(1)) : Map.of()));
    }

    private static void output(GraphEditor g, String name) {
        g.output(new ValueInfo(name, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
    }

    private static float[] noise(int n, long seed) {
        java.util.Random random = new java.util.Random(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextFloat() - 0.5f;
        }
        return v;
    }

    private static Path npy(Path file, String shape, float... values) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
        header = header + " ".repeat(63 - (10 + header.length()) % 64) + "\n";
        ByteBuffer b = ByteBuffer.allocate(10 + header.length() + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0).putShort((short) header.length());
        b.put(header.getBytes(StandardCharsets.US_ASCII));
        for (float v : values) {
            b.putFloat(v);
        }
        return Files.write(file, b.array());
    }
}
