package dev.detent.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What lies in the branches of If, Loop and Scan, which nothing quantizes; for people who ask why. */
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

    private static GraphProto graph(Attribute.Subgraph s) {
        try {
            return AttributeProto.parseFrom(s.content().bytes()).getG();
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void count(GraphProto g, Map<String, Integer> found) {
        for (NodeProto n : g.getNodeList()) {
            if (HEAVY.contains(n.getOpType())) {
                found.merge(n.getOpType(), 1, Integer::sum);
            }
            n.getAttributeList().stream().filter(AttributeProto::hasG).forEach(a -> count(a.getG(), found));
        }
    }
}
