package dev.detent.host.contract;

import dev.detent.host.plugin.PluginFile;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.PluginJar;
import dev.detent.host.plugin.PluginLock;
import dev.detent.host.plugin.YamlPluginFile;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.HostInfo;
import dev.detent.testkit.ContractViolation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs every contract on a plugin file, loaded beside the installed plugins under the same rules as in production, in a
 * process of its own.
 */
public final class PluginVerifier {

    /** A jar whose plugin makes targets of YAML files brings one to be tried on. */
    private static final String EXAMPLE = "META-INF/detent/example.yaml";

    private final PluginHost installed;
    private final HostInfo info;
    private final Duration timeout;

    /** @param timeout for one contract */
    public PluginVerifier(PluginHost installed, HostInfo info, Duration timeout) {
        this.installed = installed;
        this.info = info;
        this.timeout = timeout;
    }

    public List<ContractViolation> verify(PluginFile plugin) {
        List<ContractViolation> checks = new ArrayList<>();
        if (!plugin.problems().isEmpty()) {
            plugin.problems().forEach(p -> checks.add(new ContractViolation("PackagingContract", false, p.toString())));
            return checks;
        }
        checks.add(new ContractViolation(
                "PackagingContract",
                true,
                plugin.id() + " " + plugin.version()
                        + (plugin instanceof PluginJar ? ": manifest, index, class files" : ": a map of settings")));
        try {
            Path folder = ScratchFolder.folder("verify");
            try {
                Path plugins = Files.createDirectory(folder.resolve("plugins"));
                List<String> files = gather(plugin, plugins);
                checks.addAll(new ContractProcess(plugins, files, info, timeout).run(folder.resolve("report")));
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return checks;
    }

    /** Puts the plugin among the installed ones, as the youngest. */
    private List<String> gather(PluginFile plugin, Path folder) throws IOException {
        List<PluginFile> others = new ArrayList<>();
        for (PluginFile other : installed.usable()) {
            if (!other.id().equals(plugin.id()) && !other.name().equals(plugin.name())) {
                Files.copy(other.file(), folder.resolve(other.name()));
                others.add(other);
            }
        }
        Path copy = Files.copy(plugin.file(), folder.resolve(plugin.name()));
        PluginLock lock = PluginLock.read(folder).of(others).with(PluginFile.read(copy));
        List<String> files = new ArrayList<>(List.of(plugin.name()));
        String example = plugin instanceof PluginJar ? PluginJar.entry(plugin.file(), EXAMPLE) : "";
        if (!example.isEmpty()) {
            Path file = Files.writeString(folder.resolve("example-of-" + plugin.id() + ".yaml"), example);
            lock = lock.with(YamlPluginFile.read(file));
            files.add(file.getFileName().toString());
        }
        lock.write();
        return files;
    }
}
