package dev.detent.spi.backend;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import java.util.List;

/** One chip, runtime or toolchain one can quantize for. Stateless. */
@ImplementedByPlugins
public interface Target {

    /** What a person types after {@code --backend}, e.g. {@code tensorrt} or {@code ppq:TRT_INT8}. */
    String id();

    /** One line for {@code detent backends}. */
    String summary();

    Rules rules();

    /** The node's operator can be quantized on this target. */
    boolean supports(Node node, Graph graph);

    QuantizationRecipe profile();

    /** In order of preference; the first is the default. */
    default List<Exporter> exporters() {
        return List.of();
    }

    /** What will run badly, or not as simulated, on the target. */
    default List<Problem> lint(QuantizedModel model) {
        return List.of();
    }
}
