package dev.detent.host;

import com.google.common.base.Suppliers;
import com.google.inject.AbstractModule;
import com.google.inject.TypeLiteral;
import dev.detent.host.plugin.Registry;
import dev.detent.spi.HostInfo;
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
        this.plugins = Suppliers.memoize(plugins::get);
        this.info = info;
    }

    @Override
    protected void configure() {
        bind(HostInfo.class).toInstance(info);
        // No provider of Guice's, which would wrap a failure, sentence and exit code and all.
        bind(new TypeLiteral<Supplier<Registry>>() {}).toInstance(plugins);
    }
}
