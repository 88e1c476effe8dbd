package dev.detent.host;

import com.google.inject.AbstractModule;
import com.google.inject.TypeLiteral;
import dev.detent.host.plugin.Registry;
import dev.detent.spi.HostInfo;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the host is put together: jobs ask for what they need in their constructors, and Guice gives it to them. Plugins
 * have injectors of their own and see nothing of this one.
 */
final class HostModule extends AbstractModule {

    private final Supplier<Registry> plugins;
    private final HostInfo info;

    /** @param plugins asked once, when the first job needs them */
    HostModule(Supplier<Registry> plugins, HostInfo info) {
        this.plugins = new Once(plugins);
        this.info = info;
    }

    @Override
    protected void configure() {
        bind(HostInfo.class).toInstance(info);
        bind(new TypeLiteral<Supplier<Registry>>() {}).toInstance(plugins);
    }

    /**
     * Keeps what was given. A failure is the caller's as it is: Guice would wrap it, sentence and exit code and all.
     */
    private static final class Once implements Supplier<Registry> {
        private final Supplier<Registry> plugins;
        private @Nullable Registry registry;

        Once(Supplier<Registry> plugins) {
            this.plugins = plugins;
        }

        @Override
        public synchronized Registry get() {
            Registry loaded = registry == null ? plugins.get() : registry;
            registry = loaded;
            return loaded;
        }
    }
}
