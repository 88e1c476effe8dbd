package dev.detent.support.export;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.LinkedHashMap;
import java.util.Map;

/** A JSON side file that holds one value per tensor, under the tensor's name: {@code {"input": {"scale": 0.5}}}. */
public abstract class TensorMapExporter extends SidecarExporter<JsonValue> {

    private final String key;

    /** @param key where in the file the tensors are; {@code ""} when the file's root holds them */
    protected TensorMapExporter(String id, String summary, String suffix, String key) {
        super(id, summary, suffix, new JsonCodec());
        this.key = key;
    }

    /** What the file says of a tensor. */
    protected abstract Object row(TensorQuantization c);

    /**
     * The numbers in a row.
     *
     * @param entry the tensor's name, for sentences
     */
    protected QuantizationParameters parameters(String entry, JsonValue row) {
        return ReadBackParameters.parameters(
                entry, row.get("scale").floats(), row.get("zero_point").floats());
    }

    /** What else the file's root holds, in front of the tensors or behind them. */
    protected Map<String, Object> root(QuantizedModel model, Map<String, Object> tensors) {
        return JsonValue.object(key, tensors);
    }

    @Override
    protected final JsonValue document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        Map<String, Object> tensors = new LinkedHashMap<>();
        entries.forEach((name, c) -> tensors.put(name, row(c)));
        return JsonValue.of(key.isEmpty() ? tensors : root(model, tensors));
    }

    @Override
    protected final void read(JsonValue document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        (key.isEmpty() ? document : document.get(key))
                .fields()
                .forEach((name, row) -> found.put(name, parameters(name, row)));
    }
}
