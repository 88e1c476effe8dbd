package dev.detent.testkit;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Small formatted graphs (opset 13) that between them hold what quantizers stumble over. Weights are a fixed sequence.
 */
public final class SampleGraphs {

    private SampleGraphs() {}

    /** By name, in the order in which they are tried; new graphs at every call. */
    public static Map<String, Graph> all() {
        Map<String, Graph> graphs = new LinkedHashMap<>();
        graphs.put("conv-relu", convRelu());
        graphs.put("residual", residual());
        graphs.put("concat-pool", concatPool());
        graphs.put("clip-pad", clipPad());
        graphs.put("gemm-softmax", gemmSoftmax());
        graphs.put("shape-side", shapeSide());
        return graphs;
    }

    private static GraphEditor image() {
        return new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8));
    }

    private static void info(GraphEditor edit, long[] dims, String... values) {
        for (String v : values) {
            edit.valueInfo(ValueInfo.of(v, ElementType.FLOAT, dims));
        }
    }

    private static float[] sequence(int n, int seed) {
        float[] v = new float[n];
        long state = seed * 2654435761L + 1;
        for (int i = 0; i < n; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            v[i] = ((state >>> 40) / (float) (1 << 24) - 0.5f) * 0.6f;
        }
        return v;
    }

    private static Map<String, Attribute> same() {
        return Map.of(
                "pads",
                new Attribute.Ints(List.of(1L, 1L, 1L, 1L)),
                "kernel_shape",
                new Attribute.Ints(List.of(3L, 3L)));
    }

    private static void conv(GraphEditor edit, String name, String in, String out, int from, int to) {
        edit.initializer(
                name + ".w", Tensor.ofFloats(new long[] {to, from, 3, 3}, sequence(to * from * 9, name.hashCode())));
        edit.initializer(name + ".b", Tensor.ofFloats(new long[] {to}, sequence(to, name.hashCode() + 1)));
        edit.add(Node.of(name, "Conv", List.of(in, name + ".w", name + ".b"), List.of(out), same()));
    }

    private static Graph convRelu() {
        GraphEditor e = image();
        conv(e, "conv1", "x", "c1", 3, 4);
        e.add(Node.of("relu1", "Relu", List.of("c1"), List.of("r1"), Map.of()));
        conv(e, "conv2", "r1", "y", 4, 4);
        info(e, new long[] {1, 4, 8, 8}, "c1", "r1");
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 8, 8)).graph();
    }

    private static Graph residual() {
        GraphEditor e = image();
        conv(e, "conv1", "x", "c1", 3, 4);
        e.add(Node.of("relu1", "Relu", List.of("c1"), List.of("r1"), Map.of()));
        conv(e, "conv2", "r1", "c2", 4, 4);
        e.add(Node.of("add", "Add", List.of("c2", "r1"), List.of("s"), Map.of()));
        e.add(Node.of("relu2", "Relu", List.of("s"), List.of("r2"), Map.of()));
        conv(e, "conv3", "r2", "y", 4, 4);
        info(e, new long[] {1, 4, 8, 8}, "c1", "r1", "c2", "s", "r2");
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 8, 8)).graph();
    }

    private static Graph concatPool() {
        GraphEditor e = image();
        conv(e, "conv1", "x", "a", 3, 4);
        conv(e, "conv2", "x", "b", 3, 4);
        e.add(Node.of("cat", "Concat", List.of("a", "b"), List.of("c"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of(
                "pool",
                "MaxPool",
                List.of("c"),
                List.of("p"),
                Map.of(
                        "kernel_shape",
                        new Attribute.Ints(List.of(2L, 2L)),
                        "strides",
                        new Attribute.Ints(List.of(2L, 2L)))));
        conv(e, "conv3", "p", "d", 8, 4);
        e.add(Node.of("gap", "GlobalAveragePool", List.of("d"), List.of("y"), Map.of()));
        info(e, new long[] {1, 4, 8, 8}, "a", "b");
        info(e, new long[] {1, 8, 8, 8}, "c");
        info(e, new long[] {1, 8, 4, 4}, "p");
        info(e, new long[] {1, 4, 4, 4}, "d");
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 1, 1)).graph();
    }

    private static Graph clipPad() {
        GraphEditor e = image();
        e.initializer("pads", Tensor.ofLongs(new long[] {8}, 0, 0, 1, 1, 0, 0, 1, 1));
        e.initializer("fill", Tensor.scalar(0.25f));
        e.initializer("low", Tensor.scalar(0f));
        e.initializer("high", Tensor.scalar(0.5f));
        conv(e, "conv1", "x", "c1", 3, 4);
        e.add(Node.of("clip", "Clip", List.of("c1", "low", "high"), List.of("k"), Map.of()));
        e.add(Node.of("pad", "Pad", List.of("k", "pads", "fill"), List.of("p"), Map.of()));
        conv(e, "conv2", "p", "y", 4, 4);
        info(e, new long[] {1, 4, 8, 8}, "c1", "k");
        info(e, new long[] {1, 4, 10, 10}, "p");
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 10, 10)).graph();
    }

    private static Graph gemmSoftmax() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 16));
        e.initializer("w1", Tensor.ofFloats(new long[] {8, 16}, sequence(128, 5)));
        e.initializer("b1", Tensor.ofFloats(new long[] {8}, sequence(8, 6)));
        e.initializer("w2", Tensor.ofFloats(new long[] {8, 4}, sequence(32, 7)));
        e.add(Node.of(
                "gemm", "Gemm", List.of("x", "w1", "b1"), List.of("g"), Map.of("transB", new Attribute.IntValue(1))));
        e.add(Node.of("sigmoid", "Sigmoid", List.of("g"), List.of("s"), Map.of()));
        e.add(Node.of("matmul", "MatMul", List.of("s", "w2"), List.of("m"), Map.of()));
        e.add(Node.of("softmax", "Softmax", List.of("m"), List.of("y"), Map.of("axis", new Attribute.IntValue(-1))));
        info(e, new long[] {1, 8}, "g", "s");
        info(e, new long[] {1, 4}, "m");
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4)).graph();
    }

    private static Graph shapeSide() {
        GraphEditor e = image();
        e.initializer("zero", Tensor.ofLongs(new long[] {1}, 0));
        e.initializer("rest", Tensor.ofLongs(new long[] {1}, -1));
        conv(e, "conv1", "x", "c1", 3, 4);
        e.add(Node.of("shape", "Shape", List.of("c1"), List.of("sh"), Map.of()));
        e.add(Node.of(
                "gather", "Gather", List.of("sh", "zero"), List.of("n"), Map.of("axis", new Attribute.IntValue(0))));
        e.add(Node.of(
                "cat", "Concat", List.of("n", "rest"), List.of("target"), Map.of("axis", new Attribute.IntValue(0))));
        e.add(Node.of("reshape", "Reshape", List.of("c1", "target"), List.of("y"), Map.of()));
        info(e, new long[] {1, 4, 8, 8}, "c1");
        e.valueInfo(ValueInfo.of("sh", ElementType.INT64, 4))
                .valueInfo(ValueInfo.of("n", ElementType.INT64, 1))
                .valueInfo(ValueInfo.of("target", ElementType.INT64, 2));
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 256)).graph();
    }
}
