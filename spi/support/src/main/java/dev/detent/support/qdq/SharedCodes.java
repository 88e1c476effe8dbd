package dev.detent.support.qdq;

import dev.detent.spi.Experimental;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.TransposedTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The codes of an embedding table that a network's last product has as its matrix too, once in the file. Scales stay
 * apart. Where the matrix lies the other way a Transpose of the codes stands in front of it; ONNX Runtime does that
 * once, when it loads the file.
 */
@Experimental(since = "1.0")
public final class SharedCodes {

    private static final String TRANSPOSE = "_shared_Transpose";

    private SharedCodes() {}

    /** Joins the codes of tables that {@link QuantizedRows} wrote with those of weights. */
    public static void join(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            QuantizedRows.codes(graph, n).ifPresent(reader -> join(edit, reader.input(0)));
        }
        edit.removeUnreadInitializers();
    }

    private static void join(GraphEditor edit, String table) {
        Graph graph = edit.graph();
        Tensor codes = graph.initializer(table).orElseThrow();
        for (String name : List.copyOf(graph.initializers().keySet())) {
            Tensor other = graph.initializer(name).orElseThrow();
            if (name.equals(table) || other.type() != ElementType.INT8 || other.rank() != 2 || graph.isCaptured(name)) {
                continue;
            }
            if (Arrays.equals(other.dims(), codes.dims())
                    && other.bytes().equals(codes.bytes())
                    && !isOnlyOfTables(graph, name)) {
                // The weight keeps its name, by which it is read back.
                graph.uses(table).forEach(u -> edit.replace(u.node().withInput(u.index(), name)));
                return;
            } else if (TransposedTensor.isOf(codes, other)) {
                String turned = edit.freshName(name + "_shared");
                edit.redirect(name, turned);
                edit.add(Node.of(
                        edit.freshName(name + TRANSPOSE),
                        "Transpose",
                        List.of(table),
                        List.of(turned),
                        Map.of("perm", new Attribute.Ints(List.of(1L, 0L)))));
            }
        }
    }

    private static boolean isOnlyOfTables(Graph graph, String codes) {
        return graph.consumers(codes).stream().allMatch(n -> n.is("Gather"));
    }

    /** Gives every weight its own codes again, under its own name. */
    public static void separate(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            Optional<Tensor> codes =
                    graph.initializer(n.input(0)).filter(t -> t.type() == ElementType.INT8 && t.rank() == 2);
            if (n.is("Transpose") && n.name().endsWith(TRANSPOSE) && codes.isPresent()) {
                String name = n.name().substring(0, n.name().length() - TRANSPOSE.length());
                edit.remove(n).redirect(n.output(0), name).initializer(name, TransposedTensor.of(codes.get()));
            }
        }
    }
}
