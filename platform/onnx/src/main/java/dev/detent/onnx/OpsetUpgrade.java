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

/**
 * Raises a graph of ONNX opset 7 to 12 to opset 13, the oldest that has per-axis Q/DQ. Each rule moves what later
 * opsets take as an input out of an attribute, or keeps an old meaning by other means; subgraphs are raised with the
 * graph around them. Source: the operators' changelog of the ONNX specification.
 */
public final class OpsetUpgrade {

    public static final int OLDEST = 7;
    public static final int TARGET = 13;

    /** Before this opset a Scan ran over every element of a batch. */
    private static final int SCAN_WITHOUT_BATCH = 9;

    /** Changes one node; {@code edit} already holds it. */
    @FunctionalInterface
    private interface Rule {
        void apply(GraphEditor edit, Node node, int from);
    }

    /** Operator to the opset that changed it and the rule that bridges the change. */
    private record Change(int since, Rule rule) {}

    private static final Map<String, Change> CHANGES = Map.ofEntries(
            Map.entry("Clip", new Change(11, OpsetUpgrade::clip)),
            Map.entry("Slice", new Change(10, OpsetUpgrade::slice)),
            Map.entry("Pad", new Change(11, OpsetUpgrade::pad)),
            Map.entry("Resize", new Change(11, OpsetUpgrade::resize)),
            Map.entry("Upsample", new Change(10, OpsetUpgrade::upsample)),
            Map.entry("TopK", new Change(10, (e, n, f) -> move(e, n, "k", 1))),
            Map.entry("Squeeze", new Change(13, (e, n, f) -> move(e, n, "axes", 1))),
            Map.entry("Unsqueeze", new Change(13, (e, n, f) -> move(e, n, "axes", 1))),
            Map.entry("ReduceSum", new Change(13, (e, n, f) -> move(e, n, "axes", 1))),
            Map.entry("Split", new Change(13, (e, n, f) -> move(e, n, "split", 1))),
            Map.entry("Softmax", new Change(13, OpsetUpgrade::softmax)),
            Map.entry("LogSoftmax", new Change(13, OpsetUpgrade::softmax)),
            Map.entry("Hardmax", new Change(13, OpsetUpgrade::softmax)),
            Map.entry("Scatter", new Change(11, (e, n, f) -> e.replace(n.withOpType("", "ScatterElements")))),
            Map.entry("Dropout", new Change(12, (e, n, f) -> e.replace(n.withoutAttribute("ratio")))),
            Map.entry(
                    "BatchNormalization",
                    new Change(
                            9,
                            (e, n, f) -> e.replace(n.withoutAttribute("spatial").withoutAttribute("is_test")))));

    private OpsetUpgrade() {}

    /** Does nothing to a graph of opset 13 or newer. */
    public static void apply(Graph graph, String where) {
        int from = graph.opset();
        if (from >= TARGET) {
            return;
        }
        if (from < OLDEST) {
            throw new UserException(
                    "DT-ONX-011",
                    "uses opset " + from + "; Detent reads opset " + OLDEST
                            + " and newer, export the model again with a newer opset",
                    where);
        }
        GraphEditor edit = graph.edit();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.hasSubgraph()) {
                subgraphs(edit, n, from, where);
            }
            Change change = n.domain().isEmpty() ? CHANGES.get(n.opType()) : null;
            if (change != null && from < change.since()) {
                change.rule().apply(edit, n, from);
            }
        }
        edit.opset("", TARGET).sort();
    }

    private static void subgraphs(GraphEditor edit, Node n, int from, String where) {
        if (n.is("Scan") && from < SCAN_WITHOUT_BATCH) {
            throw new UserException(
                    "DT-ONX-012",
                    "uses opset " + from + " and has a Scan with a batch axis; export the model again with opset "
                            + TARGET + " or newer",
                    where);
        }
        n.attributes().forEach((name, a) -> {
            if (a instanceof Attribute.Subgraph s) {
                Node current = edit.graph().node(n.name()).orElseThrow();
                edit.replace(current.withAttribute(
                        name, raised(s, edit.graph().opsets(), n.name() + "/" + name + "/", where)));
            }
        });
    }

    private static Attribute.Subgraph raised(
            Attribute.Subgraph subgraph, Map<String, Integer> opsets, String nameless, String where) {
        try {
            AttributeProto a = AttributeProto.parseFrom(subgraph.content().bytes());
            Graph inner = OnnxReader.subgraph(a.getG(), opsets, nameless, Path.of(where));
            apply(inner, where);
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
        List<Long> values =
                a.get() instanceof Attribute.Ints i ? i.values() : List.of(((Attribute.IntValue) a.get()).value());
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
}
