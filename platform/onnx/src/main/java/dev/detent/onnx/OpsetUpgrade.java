package dev.detent.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.problem.UserException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Raises a graph of ONNX opset 7 to 20: to opset 13, the oldest that has per-axis Q/DQ, when it is read, and as far as
 * Q/DQ of newer types needs when it is written. Each rule moves what later opsets take as an input out of an attribute,
 * or keeps an old meaning by other means; subgraphs are raised with the graph around them. Source: the operators'
 * changelog of the ONNX specification.
 */
public final class OpsetUpgrade {

    public static final int OLDEST = 7;
    public static final int TARGET = 13;

    /** The newest opset that Q/DQ of any type needs, and up to which the changes are known here. */
    public static final int NEWEST = 21;

    /** Before this opset a Scan ran over every element of a batch. */
    private static final int SCAN_WITHOUT_BATCH = 9;

    /** Changes one node; {@code edit} already holds it. */
    @FunctionalInterface
    private interface Rule {
        void apply(GraphEditor edit, Node node, int from);
    }

    /** An operator, the opset that changed its form or meaning, and the rule that bridges the change. */
    private record Change(String opType, int since, Rule rule) {}

    /**
     * All changes between {@link #OLDEST} and {@link #NEWEST} but those that only admit more types or add an attribute
     * or input whose absence keeps the old meaning (onnx/docs/Changelog.md; onnx/version_converter/convert.h). Of one
     * operator the older come first.
     */
    private static final List<Change> CHANGES = Stream.concat(
                    Stream.of(
                            new Change(
                                    "BatchNormalization",
                                    9,
                                    (e, n, f) -> e.replace(
                                            n.withoutAttribute("spatial").withoutAttribute("is_test"))),
                            new Change("Slice", 10, OpsetUpgrade::slice),
                            new Change("Upsample", 10, OpsetUpgrade::upsample),
                            new Change("TopK", 10, (e, n, f) -> move(e, n, "k", 1)),
                            new Change("Clip", 11, OpsetUpgrade::clip),
                            new Change("Pad", 11, OpsetUpgrade::pad),
                            new Change("Resize", 11, OpsetUpgrade::resize),
                            new Change("Scatter", 11, (e, n, f) -> e.replace(n.withOpType("", "ScatterElements"))),
                            new Change("Dropout", 12, (e, n, f) -> e.replace(n.withoutAttribute("ratio"))),
                            new Change("Squeeze", 13, (e, n, f) -> move(e, n, "axes", 1)),
                            new Change("Unsqueeze", 13, (e, n, f) -> move(e, n, "axes", 1)),
                            new Change("ReduceSum", 13, (e, n, f) -> move(e, n, "axes", 1)),
                            new Change("Split", 13, (e, n, f) -> move(e, n, "split", 1)),
                            new Change("Softmax", 13, OpsetUpgrade::softmax),
                            new Change("LogSoftmax", 13, OpsetUpgrade::softmax),
                            new Change("Hardmax", 13, OpsetUpgrade::softmax),
                            new Change("RoiAlign", 16, OpsetUpgrade::roiAlign),
                            new Change("Split", 18, OpsetUpgrade::split),
                            new Change("GridSample", 20, OpsetUpgrade::gridSample),
                            new Change("DFT", 20, OpsetUpgrade::dft),
                            new Change("GroupNormalization", 21, OpsetUpgrade::groupNormalization)),
                    Stream.of(
                                    "ReduceL1",
                                    "ReduceL2",
                                    "ReduceLogSum",
                                    "ReduceLogSumExp",
                                    "ReduceMax",
                                    "ReduceMean",
                                    "ReduceMin",
                                    "ReduceProd",
                                    "ReduceSumSquare")
                            .map(type -> new Change(type, 18, (e, n, f) -> move(e, n, "axes", 1))))
            .toList();

    private OpsetUpgrade() {}

    /** Does nothing to a graph of opset 13 or newer. */
    public static void apply(Graph graph, String where) {
        apply(graph, TARGET, where);
    }

    /**
     * Raises a graph and its subgraphs to {@code to}, at most {@link #NEWEST}; a newer one stays as it is.
     *
     * @param where the model, for messages
     */
    public static void apply(Graph graph, int to, String where) {
        int from = graph.opset();
        if (from >= to) {
            return;
        }
        if (!graph.opsets().containsKey("")) {
            // Only operators of other domains: ONNX's own come in with what is added.
            graph.edit().opset("", to);
            return;
        }
        if (to > NEWEST) {
            throw new IllegalArgumentException("opset " + to + " is not known here, only up to " + NEWEST);
        }
        if (from < OLDEST) {
            throw new UserException(
                    OnnxProblems.OPSET_TOO_OLD,
                    "uses opset " + from + "; Detent reads opset " + OLDEST
                            + " and newer, export the model again with a newer opset",
                    where);
        }
        GraphEditor edit = graph.edit();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.hasSubgraph()) {
                subgraphs(edit, n, from, to, where);
            }
            if (n.domain().isEmpty()) {
                for (Change c : CHANGES) {
                    if (from < c.since() && c.since() <= to && n.is(c.opType())) {
                        c.rule().apply(edit, graph.node(n.name()).orElseThrow(), from);
                    }
                }
            }
        }
        edit.opset("", to).sort();
    }

    private static void subgraphs(GraphEditor edit, Node n, int from, int to, String where) {
        if (n.is("Scan") && from < SCAN_WITHOUT_BATCH) {
            throw new UserException(
                    OnnxProblems.SCAN_TOO_OLD,
                    "uses opset " + from + " and has a Scan with a batch axis; export the model again with opset "
                            + TARGET + " or newer",
                    where);
        }
        n.attributes().forEach((name, a) -> {
            if (a instanceof Attribute.Subgraph s) {
                Node current = edit.graph().node(n.name()).orElseThrow();
                edit.replace(current.withAttribute(
                        name, raised(s, edit.graph().opsets(), to, n.name() + "/" + name + "/", where)));
            }
        });
    }

    private static Attribute.Subgraph raised(
            Attribute.Subgraph subgraph, Map<String, Integer> opsets, int to, String nameless, String where) {
        try {
            AttributeProto a = AttributeProto.parseFrom(subgraph.content().bytes());
            Graph inner = OnnxReader.subgraph(a.getG(), opsets, nameless, Path.of(where));
            apply(inner, to, where);
            GraphProto g = OnnxWriter.subgraph(inner);
            return new Attribute.Subgraph(
                    List.copyOf(OnnxReader.captured(g)),
                    new UnmodeledProto(a.toBuilder().setG(g).build().toByteArray()));
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Tensor longs(List<Long> values) {
        return Tensor.ofLongs(
                new long[] {values.size()},
                values.stream().mapToLong(Long::longValue).toArray());
    }

    private static String constant(GraphEditor edit, Node node, String role, Tensor value) {
        String name = edit.freshName(node.name() + "_" + role);
        edit.initializer(name, value);
        return name;
    }

    /** Attribute {@code name} becomes input {@code index}. */
    private static void move(GraphEditor edit, Node n, String name, int index) {
        Optional<Attribute> a = n.attribute(name);
        if (a.isEmpty()) {
            return;
        }
        List<Long> values;
        if (a.get() instanceof Attribute.Ints i) {
            values = i.values();
        } else if (a.get() instanceof Attribute.IntValue i) {
            values = List.of(i.value());
        } else {
            // One without a type, which files of old may have, is not looked into.
            throw new UserException(
                    OnnxProblems.ATTRIBUTE_TYPE,
                    "attribute '" + name + "' of " + n.opType()
                            + " does not say that it holds integers; export the model" + " again, or take its opset to "
                            + TARGET + " with another tool",
                    n.name());
        }
        edit.replace(n.withoutAttribute(name).withInput(index, constant(edit, n, name, longs(values))));
    }

    private static void clip(GraphEditor edit, Node n, int from) {
        Node changed = n.withoutAttribute("min").withoutAttribute("max");
        // Opset 6 defines the missing bounds as the extreme floats.
        float min = n.floatAttribute("min", -Float.MAX_VALUE);
        float max = n.floatAttribute("max", Float.MAX_VALUE);
        changed = changed.withInput(1, constant(edit, n, "min", Tensor.scalar(min)));
        edit.replace(changed.withInput(2, constant(edit, n, "max", Tensor.scalar(max))));
    }

    private static void slice(GraphEditor edit, Node n, int from) {
        List<Long> starts = n.intsAttribute("starts", List.of());
        List<Long> axes = n.intsAttribute(
                "axes",
                java.util.stream.LongStream.range(0, starts.size()).boxed().toList());
        Node changed = n.withoutAttribute("starts").withoutAttribute("ends").withoutAttribute("axes");
        changed = changed.withInput(1, constant(edit, n, "starts", longs(starts)));
        changed = changed.withInput(2, constant(edit, n, "ends", longs(n.intsAttribute("ends", List.of()))));
        edit.replace(changed.withInput(3, constant(edit, n, "axes", longs(axes))));
    }

    private static void pad(GraphEditor edit, Node n, int from) {
        Node changed = n.withoutAttribute("pads").withoutAttribute("value");
        changed = changed.withInput(1, constant(edit, n, "pads", longs(n.intsAttribute("pads", List.of()))));
        if (n.stringAttribute("mode", "constant").equals("constant")) {
            changed = changed.withInput(2, constant(edit, n, "value", Tensor.scalar(n.floatAttribute("value", 0))));
        }
        edit.replace(changed);
    }

    /** Before opset 11 a pixel's place was out / scale, rounded down. */
    private static Node asBefore11(Node n, String scales) {
        return n.withOpType("", "Resize")
                .withInputs(List.of(n.input(0), "", scales))
                .withAttribute("coordinate_transformation_mode", new Attribute.StringValue("asymmetric"))
                .withAttribute("nearest_mode", new Attribute.StringValue("floor"));
    }

    private static void resize(GraphEditor edit, Node n, int from) {
        edit.replace(asBefore11(n, n.input(1)));
    }

    private static void upsample(GraphEditor edit, Node n, int from) {
        String scales = n.input(1);
        if (n.attribute("scales").orElse(null) instanceof Attribute.Floats f) {
            float[] values = new float[f.values().size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = f.values().get(i);
            }
            scales = constant(edit, n, "scales", Tensor.ofFloats(new long[] {values.length}, values));
        }
        Node changed = asBefore11(n.withoutAttribute("scales"), scales);
        if (changed.stringAttribute("mode", "nearest").equals("bilinear")) {
            changed = changed.withAttribute("mode", new Attribute.StringValue("linear"));
        }
        edit.replace(changed);
    }

    /** Before opset 13 the tensor was flattened to two dimensions at {@code axis} (default 1) first. */
    private static void softmax(GraphEditor edit, Node n, int from) {
        long axis = n.intAttribute("axis", 1);
        Graph graph = edit.graph();
        int rank = graph.valueInfo(n.input(0))
                .flatMap(v -> v.shape())
                .or(() -> graph.valueInfo(n.output(0)).flatMap(v -> v.shape()))
                .map(List::size)
                .orElse(-1);
        if (axis == -1 || rank > 0 && axis == rank - 1) {
            edit.replace(n.withAttribute("axis", new Attribute.IntValue(-1)));
            return;
        }
        String in = n.input(0);
        String shape = edit.freshName(n.name() + "_shape");
        String flat = edit.freshName(n.name() + "_flat");
        String soft = edit.freshName(n.name() + "_soft");
        edit.replace(n.withAttribute("axis", new Attribute.IntValue(-1))
                .withInput(0, flat)
                .withOutput(0, soft));
        List<Node> around = new ArrayList<>();
        around.add(Node.of(edit.freshName(n.name() + "/shape"), "Shape", List.of(in), List.of(shape), Map.of()));
        around.add(Node.of(
                edit.freshName(n.name() + "/flatten"),
                "Flatten",
                List.of(in),
                List.of(flat),
                Map.of("axis", new Attribute.IntValue(axis))));
        around.add(
                Node.of(edit.freshName(n.name() + "/reshape"), "Reshape", List.of(soft, shape), n.outputs(), Map.of()));
        around.forEach(edit::add);
    }

    /** Opset 16 made half a pixel of the input the default. */
    private static void roiAlign(GraphEditor edit, Node n, int from) {
        edit.replace(n.withAttribute("coordinate_transformation_mode", new Attribute.StringValue("output_half_pixel")));
    }

    /** Equal parts have to be counted. */
    private static void split(GraphEditor edit, Node n, int from) {
        if (!n.hasInput(1)) {
            edit.replace(n.withAttribute(
                    "num_outputs", new Attribute.IntValue(n.outputs().size())));
        }
    }

    private static final Map<String, String> GRID_SAMPLE_MODES = Map.of("bilinear", "linear", "bicubic", "cubic");

    private static void gridSample(GraphEditor edit, Node n, int from) {
        String mode = n.stringAttribute("mode", "bilinear");
        edit.replace(n.withAttribute("mode", new Attribute.StringValue(GRID_SAMPLE_MODES.getOrDefault(mode, mode))));
    }

    /** The axis became an input, its default the last but one instead of the second. */
    private static void dft(GraphEditor edit, Node n, int from) {
        Tensor axis = Tensor.ofLongs(new long[0], n.intAttribute("axis", 1));
        edit.replace(n.withoutAttribute("axis").withInput(2, constant(edit, n, "axis", axis)));
    }

    /** Scale and bias had a value per group and have one per channel. */
    private static void groupNormalization(GraphEditor edit, Node n, int from) {
        long groups = n.intAttribute("num_groups", 1);
        String each = edit.freshName(n.name() + "_channels");
        String repeats = edit.freshName(n.name() + "_repeats");
        edit.add(Node.of(
                edit.freshName(n.name() + "/shape"),
                "Shape",
                List.of(n.input(0)),
                List.of(each),
                Map.of("start", new Attribute.IntValue(1), "end", new Attribute.IntValue(2))));
        String count = constant(edit, n, "groups", longs(List.of(groups)));
        edit.add(Node.of(edit.freshName(n.name() + "/div"), "Div", List.of(each, count), List.of(repeats), Map.of()));
        String shape = edit.freshName(n.name() + "_shape");
        String one = constant(edit, n, "one", longs(List.of(1L)));
        edit.add(Node.of(
                edit.freshName(n.name() + "/concat"),
                "Concat",
                List.of(one, repeats),
                List.of(shape),
                Map.of("axis", new Attribute.IntValue(0))));
        String column = constant(edit, n, "column", longs(List.of(-1L, 1L)));
        String flat = constant(edit, n, "flat", longs(List.of(-1L)));
        Node changed = n;
        for (int i = 1; i <= 2; i++) {
            String stem = n.name() + (i == 1 ? "_scale" : "_bias");
            String rows = edit.freshName(stem + "_rows");
            String repeated = edit.freshName(stem + "_repeated");
            String perChannel = edit.freshName(stem + "_channels");
            edit.add(Node.of(
                    edit.freshName(stem + "/rows"), "Reshape", List.of(n.input(i), column), List.of(rows), Map.of()));
            edit.add(Node.of(
                    edit.freshName(stem + "/repeat"), "Expand", List.of(rows, shape), List.of(repeated), Map.of()));
            edit.add(Node.of(
                    edit.freshName(stem + "/flat"), "Reshape", List.of(repeated, flat), List.of(perChannel), Map.of()));
            changed = changed.withInput(i, perChannel);
        }
        edit.replace(changed);
    }
}
