package dev.detent.host;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import dev.detent.host.plugin.Registry;
import dev.detent.spi.HostInfo;
import jakarta.inject.Singleton;
import java.util.function.Supplier;

/**
 * How the host is put together: jobs ask for what they need in their constructors, and Guice gives it to them. Plugins
 * have injectors of their own and see nothing of this one.
 */
final class HostModule extends AbstractModule {

    private final Supplier<Registry> plugins;
    private final HostInfo info;

    /** @param plugins asked once, when the first job needs them */
    HostModule(Supplier<Registry> plugins, HostInfo info) {
        this.plugins = plugins;
        this.info = info;
    }

    @Override
    protected void configure() {
        bind(HostInfo.class).toInstance(info);
    }

    @Provides
    @Singleton
    Registry registry() {
        return plugins.get();
    }
}
