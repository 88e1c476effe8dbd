package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.PluginInstallation;
import dev.detent.host.plugin.Registry;
import dev.detent.spi.HostInfo;
import dev.detent.spi.SpiVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import picocli.CommandLine.Option;

/** Where this installation lies and which plugins it loads; mixed into every command that needs plugins. */
final class InstallationOptions {

    /** Written by Maven from the one place that says it, the root pom. */
    static final String VERSION = version();

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "folder of plugin jars (default: plugins/ of the installation)")
    Path plugins = folder().resolve("plugins");

    @Option(names = "--allow-unlisted", description = "load jars and YAML targets that plugins.lock does not list")
    boolean allowUnlisted;

    private static String version() {
        try (InputStream text =
                Objects.requireNonNull(InstallationOptions.class.getResourceAsStream("version.txt"), "version.txt")) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8).trim();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path folder() {
        return Path.of(System.getProperty("detent.home", "."));
    }

    HostInfo info() {
        return new HostInfo(VERSION, SpiVersion.CURRENT);
    }

    PluginHost host() {
        return new PluginHost(plugins, allowUnlisted, info());
    }

    /** For a command that loads the plugins in any case. */
    Detent detent() {
        return Detent.of(registry(), VERSION);
    }

    /** For a command that is going to run a model: the engine loads while the plugins do, and both while it is read. */
    Detent detentAndEngine() {
        return Detent.of(
                () -> {
                    Detent.preload();
                    return registry();
                },
                VERSION);
    }

    /** The plugins; refused ones are told on standard error. */
    Registry registry() {
        Registry registry = host().load();
        PluginsCommand.warn(new Console(), registry.refused());
        return registry;
    }

    PluginInstallation installation() {
        return new PluginInstallation(plugins, host());
    }
}
