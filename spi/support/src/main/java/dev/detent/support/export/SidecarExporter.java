package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Map;

/**
 * The form that most toolchains take: {@code <model>.onnx} with the weights on their grids, and beside it a file that
 * says scale and zero point of every tensor. A format says what the file holds ({@link #document}) and how a tensor's
 * numbers follow from it ({@link #read(Object, Map, ReadBackParameters)}); the frame writes, reads and keeps out what
 * the format has no width for. {@link TensorMapExporter} is the same for JSON with an object per tensor.
 *
 * @param <D> what the side file holds, given by its syntax
 */
public abstract class SidecarExporter<D> implements ReadableExporter {

    private final String id;
    private final String summary;
    private final String suffix;
    private final SideFileCodec<D> codec;

    /**
     * @param summary which files, for which tool
     * @param suffix end of the side file's name, after the model's
     */
    protected SidecarExporter(String id, String summary, String suffix, SideFileCodec<D> codec) {
        this.id = id;
        this.summary = summary;
        this.suffix = suffix;
        this.codec = codec;
    }

    @Override
    public final String id() {
        return id;
    }

    @Override
    public final String summary() {
        return summary;
    }

    /** Whether the format has a place for this config's numbers; all unless overridden. */
    protected boolean carries(TensorQuantization c) {
        return true;
    }

    /** What the side file holds. */
    protected abstract D document(QuantizedModel model, Map<String, TensorQuantization> entries);

    /** The numbers that stand in the side file. */
    protected abstract void read(D document, Map<String, TensorQuantization> entries, ReadBackParameters found);

    /** Files that go with the model and the side file; none unless overridden. */
    protected void writeMore(QuantizedModel model, Map<String, TensorQuantization> entries, ExportContext context) {}

    /** Holds the files of {@link #writeMore} against what the side file says; nothing unless overridden. */
    protected void readMore(Artifact artefact, Map<String, TensorQuantization> entries, ReadBackParameters found) {}

    /** The side file's name. */
    protected String sideFile(String model) {
        return model + suffix;
    }

    /** One per tensor, unless overridden. */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = TensorEncodings.of(model).all();
        entries.values().removeIf(c -> !carries(c));
        return entries;
    }

    @Override
    public final void export(QuantizedModel model, ExportContext context) {
        Map<String, TensorQuantization> entries = entries(model);
        codec.write(context, sideFile(model.name()), document(model, entries));
        writeMore(model, entries, context);
        context.onnx(model.name() + ".onnx", model.graph());
    }

    @Override
    public final Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        read(codec.read(artefact, sideFile(artefact.name())), entries, found);
        readMore(artefact, entries, found);
        return found.asMap();
    }
}
