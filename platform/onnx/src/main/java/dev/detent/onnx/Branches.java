package dev.detent.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What lies in the branches of If, Loop and Scan: as graphs to work on, put back afterwards, and in words for people
 * who ask why it is float.
 */
public final class Branches {

    /** What would be worth quantizing. */
    private static final Set<String> HEAVY =
            Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN", "Einsum");

    private Branches() {}

    /**
     * A clause for each branch with operators that would be worth quantizing, those of branches in it included; empty
     * for a node without any.
     */
    public static String inFloat(Node node) {
        List<String> clauses = new ArrayList<>();
        node.attributes().forEach((name, a) -> {
            if (a instanceof Attribute.Subgraph s) {
                Map<String, Integer> found = new TreeMap<>();
                count(graph(s), found);
                if (!found.isEmpty()) {
                    clauses.add("its branch '" + name + "' is computed as it is, with "
                            + found.entrySet().stream()
                                    .map(e -> e.getValue() + " " + e.getKey())
                                    .collect(Collectors.joining(", "))
                            + " in float");
                }
            }
        });
        return String.join("; ", clauses);
    }

    /**
     * A branch as a graph of its own; values of the graph around it are read and made by nobody.
     *
     * @param opsets of the graph around it
     * @param prefix in front of the names of its nodes
     */
    public static Graph graph(Attribute.Subgraph branch, Map<String, Integer> opsets, String prefix) {
        GraphProto.Builder g = graph(branch).toBuilder();
        g.getNodeBuilderList().stream()
                .filter(n -> !n.getName().isEmpty())
                .forEach(n -> n.setName(prefix + n.getName()));
        // External data were taken in when the model was read.
        return OnnxReader.subgraph(g.build(), opsets, prefix + "generated_name_", Path.of(prefix));
    }

    /** The branch with another graph in it, such as {@link #graph} gave, without the value infos. */
    public static Attribute.Subgraph with(Attribute.Subgraph branch, Graph graph) {
        GraphProto g = OnnxWriter.subgraph(graph).toBuilder().clearValueInfo().build();
        return new Attribute.Subgraph(
                List.copyOf(OnnxReader.captured(g)),
                new UnmodeledProto(attribute(branch).toBuilder().setG(g).build().toByteArray()));
    }

    /** Types of all operators of a graph, those in branches included. */
    public static Stream<String> types(Graph graph) {
        return Stream.concat(
                graph.nodes().stream().map(Node::opType), subgraphs(graph).flatMap(Branches::types));
    }

    private static Stream<String> types(GraphProto g) {
        return Stream.concat(g.getNodeList().stream().map(NodeProto::getOpType), inner(g).flatMap(Branches::types));
    }

    /** Whether a graph, or a branch in it, makes numbers of constant int8 codes by a Cast. */
    public static boolean decodesConstants(Graph graph) {
        return graph.nodes().stream()
                        .filter(n -> n.is("Cast"))
                        .flatMap(n -> graph.initializer(n.input(0)).stream())
                        .anyMatch(t -> t.type() == ElementType.INT8)
                || subgraphs(graph).anyMatch(Branches::decodesConstants);
    }

    private static boolean decodesConstants(GraphProto g) {
        Set<String> codes = g.getInitializerList().stream()
                .filter(t -> t.getDataType() == ElementType.INT8.code())
                .map(TensorProto::getName)
                .collect(Collectors.toSet());
        return g.getNodeList().stream().anyMatch(n -> n.getOpType().equals("Cast") && codes.contains(n.getInput(0)))
                || inner(g).anyMatch(Branches::decodesConstants);
    }

    /** Names of all nodes in branches, those of branches in them included. */
    public static Set<String> nodes(Graph graph) {
        Set<String> names = new TreeSet<>();
        subgraphs(graph).forEach(g -> names(g, names));
        return names;
    }

    /** How many nodes a graph has, those in branches included. */
    public static int count(Graph graph) {
        return graph.nodes().size() + subgraphs(graph).mapToInt(Branches::count).sum();
    }

    private static int count(GraphProto g) {
        return g.getNodeCount() + inner(g).mapToInt(Branches::count).sum();
    }

    private static void names(GraphProto g, Set<String> names) {
        g.getNodeList().forEach(n -> names.add(n.getName()));
        inner(g).forEach(i -> names(i, names));
    }

    private static Stream<GraphProto> subgraphs(Graph graph) {
        return graph.nodes().stream()
                .flatMap(n -> n.attributes().values().stream())
                .filter(Attribute.Subgraph.class::isInstance)
                .map(s -> graph((Attribute.Subgraph) s));
    }

    private static Stream<GraphProto> inner(GraphProto g) {
        return g.getNodeList().stream()
                .flatMap(n -> n.getAttributeList().stream())
                .filter(AttributeProto::hasG)
                .map(AttributeProto::getG);
    }

    private static GraphProto graph(Attribute.Subgraph s) {
        return attribute(s).getG();
    }

    private static AttributeProto attribute(Attribute.Subgraph s) {
        try {
            return AttributeProto.parseFrom(s.content().bytes());
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void count(GraphProto g, Map<String, Integer> found) {
        for (NodeProto n : g.getNodeList()) {
            if (HEAVY.contains(n.getOpType())) {
                found.merge(n.getOpType(), 1, Integer::sum);
            }
        }
        inner(g).forEach(i -> count(i, found));
    }
}
