package dev.detent.spi.export;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.pass.Option;
import java.util.List;

/** Writes one artefact family. Same model, same bytes; no clock, no host name. */
@ImplementedByPlugins
public interface Exporter {

    /** e.g. {@code qdq}. */
    String id();

    String summary();

    default List<Option<?>> options() {
        return List.of();
    }

    void export(QuantizedModel model, ExportContext context);
}
