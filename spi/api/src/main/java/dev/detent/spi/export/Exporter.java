package dev.detent.spi.export;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Option;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes one artefact family, and reads it back: {@code detent verify} holds what stands in the files against the
 * configs of the run. Same model, same bytes; no clock, no host name.
 */
@ImplementedByPlugins
public interface Exporter {

    /** e.g. {@code qdq}. */
    String id();

    String summary();

    /** Set by {@code --set <id>.option=value}. */
    default List<Option<?>> options() {
        return List.of();
    }

    void export(QuantizedModel model, ExportContext context);

    /** The configs whose numbers the artefact carries, by the name each has in it, in the order of the file. */
    Map<String, TensorQuantization> entries(QuantizedModel model);

    /**
     * What stands in the artefact, by the same names; what is missing there is missing here, and a name that is no
     * entry is kept when it can be read without one.
     */
    Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries);

    /**
     * Whether activations whose work the saturation of codes does are gone from the artefact, with their numbers at the
     * node in front.
     */
    default boolean absorbsActivations() {
        return false;
    }

    /**
     * The graph with baked parameters as the artefact holds it; empty when its operators can no longer be told apart
     * from float ones.
     */
    default Optional<Graph> graph(Artifact artefact) {
        return Optional.of(artefact.onnx(artefact.name() + ".onnx"));
    }
}
