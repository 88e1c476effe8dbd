package dev.detent.spi.export;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Map;
import java.util.Optional;

/**
 * An exporter that reads its own files back, so that {@code detent verify} can hold them against the run that wrote
 * them. A file may have been damaged since it was written: whatever stands in it, these methods return or throw a
 * {@link dev.detent.spi.problem.UserException} that names file and line, key or node; any other exception counts as the
 * plugin's fault.
 */
@Experimental(since = "1.0")
@ImplementedByPlugins
public interface ReadableExporter extends Exporter {

    /**
     * The configs whose numbers the files carry, by the name that each has in them. Called with the model that was
     * exported, or with the one that {@link #graph} read back.
     */
    Map<String, TensorQuantization> entries(QuantizedModel model);

    /**
     * Scales and zero points as they stand in the files, by the same names. What is missing there is missing here; a
     * name that is no entry is kept when it can be read without one.
     *
     * @param entries what {@link #entries} gave for this run
     */
    Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries);

    /**
     * The float graph with the weights that the files hold, under the node names of the exported model. A node may be
     * missing when a node in front of it carries its numbers, as a ReLU may whose work the saturation of codes does.
     * Empty when the operators can no longer be told from the file; then layers are not compared.
     */
    default Optional<Graph> graph(Artifact artefact) {
        return Optional.of(artefact.onnx(artefact.name() + ".onnx"));
    }
}
