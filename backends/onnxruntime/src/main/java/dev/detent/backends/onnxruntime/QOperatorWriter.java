package dev.detent.backends.onnxruntime;

import dev.detent.backends.onnxruntime.IntegerOperator.Codes;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.support.qdq.QdqGraphBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * From the Q/DQ form to integer operators: a node whose float inputs all come from a DequantizeLinear and whose output
 * goes into a QuantizeLinear becomes its integer twin.
 */
final class QOperatorWriter {

    private final Graph graph;
    private final GraphEditor edit;

    private QOperatorWriter(Graph graph) {
        this.graph = graph;
        this.edit = graph.edit();
    }

    static Graph convert(QuantizedModel model) {
        QOperatorWriter writer = new QOperatorWriter(QdqGraphBuilder.apply(model));
        writer.convert();
        return writer.graph;
    }

    private void convert() {
        SaturatingActivations.remove(edit);
        for (Node n : List.copyOf(graph.nodes())) {
            boolean moves = n.domain().isEmpty() && n.isOneOf(IntegerOperator.MOVES);
            Optional<IntegerOperator> twin = IntegerOperator.ofFloat(n);
            if (moves || twin.isPresent()) {
                onlyConsumer(graph, n.output(0))
                        .filter(q -> q.is("QuantizeLinear") && !graph.isOutput(n.output(0)))
                        .ifPresent(q -> twin.ifPresentOrElse(t -> replace(n, q, t), () -> move(n, q)));
            }
        }
        removeUnread(edit);
        edit.sort();
    }

    /** A node that only moves values moves codes as well, where scale and zero point stay what they are. */
    private void move(Node n, Node q) {
        Optional<Codes> code = codes(n.input(0));
        if (n.outputs().size() == 1
                && code.isPresent()
                && same(code.get().scale(), q.input(1))
                && same(code.get().zeroPoint(), q.input(2))) {
            edit.remove(q);
            edit.replace(new Node(
                    n.name(),
                    "",
                    n.opType(),
                    n.withInput(0, code.get().value()).inputs(),
                    q.outputs(),
                    n.attributes(),
                    UnmodeledProto.NONE));
        }
    }

    private void replace(Node n, Node q, IntegerOperator twin) {
        List<Codes> codes = new ArrayList<>();
        int coded = twin.layout().coded(n.inputs().size());
        n.inputs().subList(0, coded).forEach(v -> codes(v).ifPresent(codes::add));
        if (codes.size() < coded) {
            return;
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>(n.attributes());
        attributes.keySet().removeAll(twin.dropped());
        edit.remove(q);
        edit.replace(new Node(
                n.name(),
                twin.domain(),
                twin.opType(),
                twin.layout().inputs(codes, q.input(1), q.input(2)),
                q.outputs(),
                attributes,
                UnmodeledProto.NONE));
        if (!twin.domain().isEmpty()) {
            edit.opset(twin.domain(), 1);
        }
    }

    private Optional<Codes> codes(String value) {
        return graph.producer(value)
                .filter(d -> d.is("DequantizeLinear"))
                .map(d -> new Codes(d.input(0), d.input(1), d.input(2)));
    }

    private boolean same(String a, String b) {
        return graph.initializer(a)
                .orElseThrow()
                .bytes()
                .equals(graph.initializer(b).orElseThrow().bytes());
    }

    static Optional<Node> onlyConsumer(Graph graph, String value) {
        return graph.consumers(value).size() == 1
                ? Optional.of(graph.consumers(value).iterator().next())
                : Optional.empty();
    }

    /** Dequantized values and constants that nobody reads any more. */
    static void removeUnread(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.is("DequantizeLinear") && graph.consumers(n.output(0)).isEmpty() && !graph.isOutput(n.output(0))) {
                edit.remove(n);
            }
        }
        edit.removeUnreadInitializers();
        List.copyOf(graph.valueInfos().keySet()).forEach(edit::removeValueInfo);
    }
}
