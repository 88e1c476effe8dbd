package dev.detent.cli;

import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.Registry;
import dev.detent.runtime.OrtModel;
import dev.detent.spi.HostInfo;
import dev.detent.spi.SpiVersion;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where this installation lies and which plugins it loads; mixed into every command that needs plugins. */
final class InstallationOptions {

    static final String VERSION = "0.1.0";

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "folder of plugin jars (default: plugins/ of the installation)")
    Path plugins = folder().resolve("plugins");

    @Option(names = "--allow-unlisted", description = "load jars that plugins.lock does not list")
    boolean allowUnlisted;

    static Path folder() {
        return Path.of(System.getProperty("detent.home", "."));
    }

    HostInfo info() {
        return new HostInfo(VERSION, SpiVersion.CURRENT);
    }

    PluginHost host() {
        return new PluginHost(plugins, allowUnlisted, info());
    }

    /** The plugins, for a command that is going to run a model: the engine loads meanwhile. */
    Registry registryAndEngine() {
        OrtModel.preload();
        return registry();
    }

    Registry registry() {
        return host().load();
    }
}
