package dev.detent.backends.generic;

import dev.detent.spi.PluginFolder;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import jakarta.inject.Inject;
import java.util.List;
import org.pf4j.Extension;

/** Targets that are described by a YAML file beside the plugin jars: the quickest way to add a chip. */
@Extension
public final class Generic implements Backend {

    private final PluginFolder folder;

    @Inject
    Generic(PluginFolder folder) {
        this.folder = folder;
    }

    @Override
    public List<Target> targets() {
        return folder.documents().entrySet().stream()
                .<Target>map(e -> new YamlTarget(e.getKey(), e.getValue()).target())
                .toList();
    }
}
