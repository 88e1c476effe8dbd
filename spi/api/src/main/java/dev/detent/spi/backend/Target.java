package dev.detent.spi.backend;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import java.util.List;

/**
 * One chip, runtime or toolchain one can quantize for. Stateless: its methods are called in any order, by several
 * threads, for any number of graphs, which they only read. What they throw, but for a UserException, and a null, ends
 * the run with the plugin's name.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Target {

    /** What a person types after {@code --backend}, e.g. {@code tensorrt} or {@code ppq:TRT_INT8}. */
    String id();

    /** One line for {@code detent backends}. */
    String summary();

    /** What each node becomes. Asked often: a target makes its rules once. */
    Rules rules();

    /** The node's operator can be quantized on this target. */
    boolean supports(Node node, Graph graph);

    /** Which passes the target wants: one of the host's recipes, with or without changes, or one of its own. */
    default QuantizationRecipe recipe(DefaultRecipes host) {
        return host.integer();
    }

    /**
     * Everything a node may be on this chip, for a person or a search that wants it otherwise than {@link #rules()}:
     * complete rules, that of {@link #rules()} first, float ({@link NodeRule#inFloat}) last. Nothing outside the list
     * may be asked for at this node. Each must be one that the target's exporters can write, whatever the node's
     * neighbours are.
     *
     * @return no duplicates; empty for a node that the target does not support, which is float and nothing else
     */
    default List<NodeRule> alternatives(Node node, Graph graph) {
        if (!supports(node, graph)) {
            return List.of();
        }
        NodeRule own = rules().rule(node, graph);
        NodeRule unquantized = own.inFloat();
        return own.equals(unquantized) ? List.of(own) : List.of(own, unquantized);
    }

    /** In order of preference; the first is the default. */
    default List<Exporter> exporters() {
        return List.of();
    }

    /** What will run badly, or not as simulated, on the target. */
    default List<Problem> lint(QuantizedModel model) {
        return List.of();
    }
}
