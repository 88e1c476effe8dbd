package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import java.util.Objects;

/**
 * JSON, indented, keys in the order they were put in. Carries every name: quotes, backslashes, control characters,
 * U+2028 and U+2029 are written as JSON's escapes. YAML readers take the same text.
 */
public final class JsonCodec implements SideFileCodec<JsonValue> {

    @Override
    public void write(ExportContext context, String file, JsonValue document) {
        context.text(file, context.json(Objects.requireNonNull(document.tree())));
    }

    @Override
    public JsonValue read(Artifact artefact, String file) {
        return new JsonValue(file, "", artefact.json(file));
    }
}
