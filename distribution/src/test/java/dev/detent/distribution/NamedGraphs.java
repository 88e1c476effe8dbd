package dev.detent.distribution;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A graph under other names. */
final class NamedGraphs {

    private NamedGraphs() {}

    /** Every node and every tensor of {@code source} renamed. */
    static Graph renamed(Graph source, UnaryOperator<String> name) {
        Set<String> values = new LinkedHashSet<>(source.initializers().keySet());
        source.inputs().forEach(v -> values.add(v.name()));
        source.nodes().forEach(n -> values.addAll(n.outputs()));
        Map<String, String> names = new LinkedHashMap<>();
        names.put("", "");
        values.forEach(v -> names.put(v, name.apply(v)));
        var edit = new Graph().edit();
        source.opsets().forEach(edit::opset);
        source.inputs().forEach(v -> edit.input(renamed(v, names)));
        source.initializers().forEach((v, t) -> edit.initializer(names.get(v), t));
        for (Node n : source.nodes()) {
            edit.add(new Node(
                    name.apply(n.name()),
                    n.domain(),
                    n.opType(),
                    all(n.inputs(), names),
                    all(n.outputs(), names),
                    n.attributes(),
                    n.opaque()));
        }
        source.outputs().forEach(v -> edit.output(renamed(v, names)));
        source.valueInfos().values().forEach(v -> edit.valueInfo(renamed(v, names)));
        return edit.graph();
    }

    private static ValueInfo renamed(ValueInfo v, Map<String, String> names) {
        return new ValueInfo(names.get(v.name()), v.type(), v.shape(), v.opaque());
    }

    private static List<String> all(List<String> values, Map<String, String> names) {
        List<String> renamed = new ArrayList<>();
        values.forEach(v -> renamed.add(names.get(v)));
        return renamed;
    }
}
