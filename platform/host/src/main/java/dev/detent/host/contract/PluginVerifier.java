package dev.detent.host.contract;

import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.PluginJar;
import dev.detent.host.plugin.Registry;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.HostInfo;
import dev.detent.spi.backend.Target;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.problem.DetentException;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.DescriptorContract;
import dev.detent.testkit.RulesContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Runs every contract on a packaged jar, loaded beside the installed plugins under the same rules as in production. */
public final class PluginVerifier {

    private final Path installed;
    private final HostInfo info;

    public PluginVerifier(Path installed, HostInfo info) {
        this.installed = installed;
        this.info = info;
    }

    public List<ContractViolation> verify(Path file) {
        List<ContractViolation> checks = new ArrayList<>();
        PluginJar jar = PluginJar.read(file);
        if (!jar.problems().isEmpty()) {
            jar.problems().forEach(p -> checks.add(new ContractViolation("PackagingContract", false, p.toString())));
            return checks;
        }
        checks.add(new ContractViolation(
                "PackagingContract", true, jar.id() + " " + jar.version() + ": manifest, index, class files"));
        try {
            Path folder = ScratchFolder.folder("verify");
            try {
                for (PluginJar other : new PluginHost(installed, true, info).jars()) {
                    if (!other.id().equals(jar.id())) {
                        Files.copy(other.file(), folder.resolve(other.file().getFileName()));
                    }
                }
                Files.copy(file, folder.resolve("verified.jar"));
                contracts(folder, jar.id() + " " + jar.version(), checks);
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return checks;
    }

    private void contracts(Path folder, String plugin, List<ContractViolation> checks) {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        Registry registry;
        try {
            registry = new PluginHost(folder, true, info).load();
        } catch (DetentException e) {
            checks.add(new ContractViolation("IsolationContract", false, String.valueOf(e.getMessage())));
            return;
        }
        checks.add(isolation(registry, plugin, before, context));
        Set<String> observers =
                registry.observers().stream().map(ObserverDefinition::id).collect(Collectors.toSet());
        for (ObserverDefinition o : registry.observers()) {
            if (registry.pluginOfObserver(o.id()).equals(plugin)) {
                checks.add(DescriptorContract.check(o));
            }
        }
        for (PassDefinition p : registry.passes()) {
            if (registry.pluginOf(p.descriptor().id()).equals(plugin)) {
                checks.add(DescriptorContract.check(p));
            }
        }
        for (Target t : registry.targets()) {
            if (registry.pluginOfTarget(t.id()).equals(plugin)) {
                checks.addAll(RulesContract.check(t, observers));
                checks.addAll(TargetContract.check(registry, t));
            }
        }
    }

    private static ContractViolation isolation(
            Registry registry, String plugin, Set<Thread> before, ClassLoader context) {
        List<String> broken = new ArrayList<>();
        Thread.getAllStackTraces().keySet().stream()
                .filter(t -> !before.contains(t) && t.isAlive() && !t.isDaemon())
                .forEach(t -> broken.add("left the thread '" + t.getName() + "' running"));
        if (Thread.currentThread().getContextClassLoader() != context) {
            broken.add("changed the thread's context class loader");
        }
        registry.loader(plugin).ifPresent(loader -> {
            try {
                loader.loadClass("dev.detent.host.pipeline.Pipeline");
                broken.add("sees classes of the host");
            } catch (ClassNotFoundException e) {
                // As it should be.
                return;
            }
        });
        return new ContractViolation(
                "IsolationContract",
                broken.isEmpty(),
                plugin + (broken.isEmpty() ? ": sees the SPI and itself" : ": " + String.join("; ", broken)));
    }
}
