package dev.detent.caffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.detent.runtime.ShapeInference;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written as Caffe and read back computes what the model computes. */
class CaffeRoundTripTest {

    @TempDir
    Path folder;

    /** One node, x to y, with constants. */
    private static final class Net {
        final Graph graph = new Graph();
        final GraphEditor edit = graph.edit();
        private int constants;

        Net(long... shape) {
            edit.opset("", 13);
            input("x", shape);
        }

        Net input(String name, long... shape) {
            edit.input(ValueInfo.of(name, ElementType.FLOAT, shape));
            return this;
        }

        String noise(long... dims) {
            String name = "c" + constants++;
            edit.initializer(name, Tensor.ofFloats(dims, Ort.noise(Tensor.count(dims), constants)));
            return name;
        }

        String scalar(float value) {
            String name = "c" + constants++;
            edit.initializer(name, Tensor.scalar(value));
            return name;
        }

        String longs(long... values) {
            String name = "c" + constants++;
            edit.initializer(name, Tensor.ofLongs(new long[] {values.length}, values));
            return name;
        }

        /** Attributes by name and value. */
        Net node(String op, String inputs, String outputs, Object... attributes) {
            Map<String, Attribute> all = new HashMap<>();
            for (int i = 0; i < attributes.length; i += 2) {
                Object v = attributes[i + 1];
                all.put(
                        (String) attributes[i],
                        v instanceof Integer n
                                ? Attributes.of(n.longValue())
                                : v instanceof Float f
                                        ? Attributes.of(f)
                                        : v instanceof String s ? Attributes.of(s) : Attributes.of((long[]) v));
            }
            edit.add(Node.of(
                    op + graph.nodes().size(), op, List.of(inputs.split(" ")), List.of(outputs.split(" ")), all));
            return this;
        }

        Graph outputs(String... names) {
            for (String n : names) {
                edit.output(new ValueInfo(n, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
            }
            return graph;
        }
    }

    private static long[] of(long... values) {
        return values;
    }

    private static Arguments one(String title, Net net, String op, String inputs, Object... attributes) {
        return Arguments.of(title, net.node(op, inputs, "y", attributes).outputs("y"));
    }

    static Stream<Arguments> networks() {
        List<Arguments> all = new ArrayList<>();
        Net n = new Net(1, 4, 9, 7);
        all.add(one("dilated", n, "Conv", "x " + n.noise(6, 4, 3, 3) + " " + n.noise(6), "dilations", of(2, 2)));
        n = new Net(1, 4, 9, 8);
        all.add(one(
                "uneven",
                n,
                "Conv",
                "x " + n.noise(6, 2, 3, 3),
                "group",
                2,
                "pads",
                of(0, 2, 1, 1),
                "strides",
                of(2, 2)));
        n = new Net(1, 4, 10, 8);
        all.add(one(
                "same",
                n,
                "Conv",
                "x " + n.noise(4, 1, 3, 5),
                "group",
                4,
                "auto_pad",
                "SAME_UPPER",
                "strides",
                of(2, 1)));
        n = new Net(1, 4, 5, 6);
        all.add(one(
                "deconvolution",
                n,
                "ConvTranspose",
                "x " + n.noise(4, 3, 4, 4) + " " + n.noise(6),
                "group",
                2,
                "strides",
                of(2, 2),
                "pads",
                of(1, 1, 1, 1)));
        n = new Net(3, 8);
        all.add(one("gemm", n, "Gemm", "x " + n.noise(5, 8) + " " + n.noise(5), "transB", 1));
        n = new Net(3, 8);
        all.add(one("gemm scaled", n, "Gemm", "x " + n.noise(8, 5) + " " + n.noise(1), "alpha", 0.5f, "beta", 2f));
        n = new Net(1, 6, 8);
        all.add(one("matmul", n, "MatMul", "x " + n.noise(8, 5)));
        for (long[] size : List.of(of(1, 2, 12, 12), of(1, 2, 13, 11), of(1, 2, 8, 9))) {
            for (int ceil = 0; ceil < 2; ceil++) {
                String title = size[2] + "x" + size[3] + (ceil == 1 ? " up" : " down");
                all.add(one(
                        "max " + title,
                        new Net(size),
                        "MaxPool",
                        "x",
                        "kernel_shape",
                        of(3, 3),
                        "strides",
                        of(2, 2),
                        "ceil_mode",
                        ceil));
                all.add(one(
                        "padded max " + title,
                        new Net(size),
                        "MaxPool",
                        "x",
                        "kernel_shape",
                        of(3, 3),
                        "strides",
                        of(2, 2),
                        "pads",
                        of(1, 1, 1, 1),
                        "ceil_mode",
                        ceil));

                all.add(one(
                        "mean " + title,
                        new Net(size),
                        "AveragePool",
                        "x",
                        "kernel_shape",
                        of(2, 3),
                        "strides",
                        of(2, 2),
                        "ceil_mode",
                        ceil));
                if (ceil == 0) {
                    all.add(one(
                            "late max " + title,
                            new Net(size),
                            "MaxPool",
                            "x",
                            "kernel_shape",
                            of(3, 3),
                            "strides",
                            of(2, 2),
                            "pads",
                            of(0, 0, 1, 1)));
                    all.add(one(
                            "padded mean " + title,
                            new Net(size),
                            "AveragePool",
                            "x",
                            "kernel_shape",
                            of(3, 3),
                            "strides",
                            of(2, 2),
                            "pads",
                            of(1, 1, 1, 1),
                            "count_include_pad",
                            1));
                }
            }
        }
        for (String op : List.of(
                "Relu",
                "Sigmoid",
                "Tanh",
                "Abs",
                "Softplus",
                "Exp",
                "Neg",
                "Identity",
                "HardSwish",
                "HardSigmoid",
                "LeakyRelu",
                "Elu",
                "GlobalAveragePool",
                "GlobalMaxPool",
                "Flatten",
                "Transpose")) {
            n = new Net(1, 3, 4, 5);
            n.edit.opset("", 14);
            all.add(one(op, n, op, "x"));
        }
        for (float[] bounds : List.of(new float[] {0, 6}, new float[] {-1, 1}, new float[] {0.5f, 3})) {
            n = new Net(1, 3, 4, 5);
            all.add(one("clip", n, "Clip", "x " + n.scalar(bounds[0]) + " " + n.scalar(bounds[1])));
        }
        n = new Net(1, 3, 4, 5);
        all.add(one("clip below", n, "Clip", "x " + n.scalar(-2)));
        for (String op : List.of("Add", "Sub", "Mul", "Div")) {
            for (long[] dims : List.of(of(1), of(3, 1, 1), of(1, 3, 4, 5), of(5), of(4, 1))) {
                n = new Net(1, 3, 4, 5);
                all.add(one(op + " constant", n, op, "x " + n.noise(dims)));
                n = new Net(1, 3, 4, 5);
                all.add(one("constant " + op, n, op, n.noise(dims) + " x"));
            }
            for (long[] dims : List.of(of(1, 3, 4, 5), of(1, 3, 1, 1), of(1, 1, 4, 5))) {
                all.add(one(op + " computed", new Net(1, 3, 4, 5).input("z", dims), op, "x z"));
                if (!op.equals("Div")) {
                    all.add(one("computed " + op, new Net(1, 3, 4, 5).input("z", dims), op, "z x"));
                }
            }
        }
        n = new Net(1, 3, 4, 5);
        all.add(one(
                "batch norm",
                n,
                "BatchNormalization",
                "x " + n.noise(3) + " " + n.noise(3) + " " + n.noise(3) + " " + positive(n, 3)));
        n = new Net(1, 3, 4, 5);
        all.add(one("prelu", n, "PRelu", "x " + n.noise(3, 1, 1)));
        n = new Net(1, 3, 4, 5);
        all.add(one("prelu shared", n, "PRelu", "x " + n.noise(1)));
        all.add(one("lrn", new Net(1, 8, 4, 5), "LRN", "x", "size", 5, "alpha", 0.5f));
        all.add(one("softmax", new Net(1, 3, 4, 5), "Softmax", "x", "axis", 1));
        n = new Net(1, 3, 8, 6);
        all.add(one(
                "focus",
                n,
                "Slice",
                "x " + n.longs(1, 0) + " " + n.longs(Long.MAX_VALUE, Long.MAX_VALUE) + " " + n.longs(2, 3) + " "
                        + n.longs(2, 2)));
        n = new Net(1, 6, 8, 6);
        all.add(one("slice", n, "Slice", "x " + n.longs(1, -3) + " " + n.longs(4, 6) + " " + n.longs(1, 3)));
        n = new Net(1, 6, 4, 4);
        all.add(Arguments.of(
                "split",
                n.node("Split", "x " + n.longs(1, 2, 3), "y q z", "axis", 1).outputs("y", "z")));
        n = new Net(1, 3, 4, 5);
        all.add(one("pad", n, "Pad", "x " + n.longs(0, 0, 1, 0, 0, 0, 2, 3)));
        n = new Net(1, 3, 4, 5);
        all.add(one("pad channels", n, "Pad", "x " + n.longs(0, 1, 0, 0, 0, 2, 0, 0)));
        for (String place : List.of("asymmetric", "half_pixel")) {
            n = new Net(1, 3, 4, 5);
            all.add(one(
                    "resize " + place,
                    n,
                    "Resize",
                    "x  " + scales(n, 2, 3),
                    "mode",
                    "nearest",
                    "coordinate_transformation_mode",
                    place,
                    "nearest_mode",
                    place.equals("asymmetric") ? "floor" : "round_prefer_floor"));
        }
        for (String mode : List.of("DCR", "CRD")) {
            all.add(one(
                    "depth to space " + mode, new Net(1, 8, 3, 4), "DepthToSpace", "x", "blocksize", 2, "mode", mode));
        }
        all.add(one("space to depth", new Net(1, 3, 4, 6), "SpaceToDepth", "x", "blocksize", 2));
        n = new Net(1, 6, 4);
        all.add(one("reshape", n, "Reshape", "x " + n.longs(0, 3, -1)));
        n = new Net(1, 6, 1, 1);
        all.add(one("squeeze", n, "Squeeze", "x " + n.longs(2, 3)));
        all.add(one("mean", new Net(1, 3, 4, 5), "ReduceMean", "x", "axes", of(2, 3), "keepdims", 0));
        all.add(one("mean of tail", new Net(1, 3, 4), "ReduceMean", "x", "axes", of(2), "keepdims", 1));
        all.add(Arguments.of(
                "concat",
                new Net(1, 3, 4, 5)
                        .input("z", 1, 2, 4, 5)
                        .node("Concat", "x z", "y", "axis", 1)
                        .outputs("y")));
        all.add(Arguments.of(
                "read output",
                new Net(1, 3, 4, 5).node("Relu", "x", "a").node("Neg", "a", "y").outputs("a", "y")));
        all.add(Arguments.of(
                "read output with a name beside it",
                new Net(1, 3, 4, 5)
                        .node("Relu", "x", "a")
                        .node("Neg", "a", "a_out")
                        .node("Abs", "a_out", "y")
                        .outputs("a", "a_out", "y")));
        return all.stream();
    }

    private static String positive(Net n, int count) {
        String name = n.noise(count);
        float[] values = n.graph.initializer(name).orElseThrow().floats();
        for (int i = 0; i < count; i++) {
            values[i] = Math.abs(values[i]) + 0.1f;
        }
        n.edit.initializer(name, Tensor.ofFloats(new long[] {count}, values));
        return name;
    }

    private static String scales(Net n, float h, float w) {
        String name = n.noise(4);
        n.edit.initializer(name, Tensor.ofFloats(new long[] {4}, 1, 1, h, w));
        return name;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void computesTheSame(String title, Graph graph) throws IOException {
        check(graph, CaffeOptions.COMMON);
        check(graph, new CaffeOptions(Set.of(CaffeOptions.Extension.values()), 12, Map.of()));
    }

    private void check(Graph graph, CaffeOptions options) throws IOException {
        ShapeInference.infer(graph, "test");
        CaffeNet net = CaffeWriter.write(graph, options, "net");
        Graph back = read(net);
        Map<String, float[]> inputs = new HashMap<>();
        Map<String, float[]> named = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        for (ValueInfo in : graph.inputs()) {
            long[] shape = in.staticShape().orElseThrow();
            float[] values = Ort.noise(Tensor.count(shape), 99);
            inputs.put(in.name(), values);
            named.put(net.names().blobs().get(in.name()), values);
            shapes.put(in.name(), shape);
            shapes.put(net.names().blobs().get(in.name()), shape);
        }
        List<float[]> expected = Ort.run(graph, inputs, shapes);
        List<float[]> found = Ort.run(back, named, shapes);
        assertThat(found).hasSameSizeAs(expected);
        List<String> order = back.outputs().stream().map(ValueInfo::name).toList();
        for (int i = 0; i < expected.size(); i++) {
            String blob = net.names().blobs().get(graph.outputs().get(i).name());
            assertThat(order).contains(blob);
            float[] result = found.get(order.indexOf(blob));
            float largest = 1e-6f;
            for (float v : expected.get(i)) {
                largest = Math.max(largest, Math.abs(v));
            }
            assertThat(result).containsExactly(expected.get(i), within(largest * 2e-6f));
        }
        net.names().layers().values().forEach(l -> assertThat(l.length()).isLessThanOrEqualTo(options.longestName()));
    }

    private Graph read(CaffeNet net) throws IOException {
        Path prototxt = Files.writeString(folder.resolve("net.prototxt"), net.prototxt());
        Path caffemodel = Files.write(folder.resolve("net.caffemodel"), net.caffemodel());
        return CaffeReader.read(prototxt, caffemodel);
    }

    @Test
    void weightsKeepTheirBits() throws IOException {
        Net n = new Net(1, 3, 8, 8);
        String weight = n.noise(4, 3, 3, 3);
        Graph graph = n.node("Conv", "x " + weight + " " + n.noise(4), "y").outputs("y");
        ShapeInference.infer(graph, "test");
        Graph back = read(CaffeWriter.write(graph, CaffeOptions.COMMON, "net"));
        Node conv = back.nodes().iterator().next();
        assertThat(back.initializer(conv.input(1)).orElseThrow().bytes())
                .isEqualTo(graph.initializer(weight).orElseThrow().bytes());
    }

    @Test
    void suffixesMarkLayersAndNamesStayShort() {
        Net n = new Net(1, 3, 8, 8);
        Graph graph = n.node("Relu", "x", "a").node("Relu", "a", "y").outputs("y");
        ShapeInference.infer(graph, "test");
        CaffeNet net = CaffeWriter.write(graph, new CaffeOptions(Set.of(), 6, Map.of("Relu0", "_hp")), "net");
        assertThat(net.names().layers()).containsEntry("Relu0", "R_1_hp").containsEntry("Relu1", "Relu1");
    }

    @Test
    void whatCaffeLacksIsRefusedWithAWayOut() {
        Net n = new Net(1, 3, 8, 8);
        Graph graph = n.node("Erf", "x", "y").outputs("y");
        ShapeInference.infer(graph, "test");
        assertThatThrownBy(() -> CaffeWriter.write(graph, CaffeOptions.COMMON, "net"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'Erf0' (Erf) has no layer in Caffe; train with ReLU or h-swish");
    }

    @Test
    void freeSizesAreRefused() {
        Graph graph = new Graph();
        graph.edit()
                .opset("", 13)
                .input(new ValueInfo(
                        "x",
                        ElementType.FLOAT,
                        Optional.of(List.of(ValueInfo.Dimension.of(1), new ValueInfo.Dimension(-1, "H"))),
                        UnmodeledProto.NONE))
                .add(Node.of("r", "Relu", List.of("x"), List.of("y"), Map.of()))
                .output(new ValueInfo("y", ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE));
        assertThatThrownBy(() -> CaffeWriter.write(graph, CaffeOptions.COMMON, "net"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("has no fixed shape");
    }
}
