package dev.detent.host.plugin;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Injector;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.HostInfo;
import dev.detent.spi.PluginFolder;
import dev.detent.spi.SpiVersion;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.pf4j.DefaultPluginManager;
import org.pf4j.ExtensionPoint;
import org.pf4j.JarPluginLoader;
import org.pf4j.JarPluginRepository;
import org.pf4j.ManifestPluginDescriptorFinder;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginDescriptorFinder;
import org.pf4j.PluginLoader;
import org.pf4j.PluginRepository;
import org.pf4j.PluginState;
import org.pf4j.PluginStatusProvider;
import org.pf4j.RuntimeMode;

/**
 * Loads a folder of plugin jars. Every jar is inspected and checked against the lock first and all problems come at
 * once; then PF4J loads, and each plugin gets an injector of its own that holds the SPI's services and nothing else.
 */
public final class PluginHost {

    private final Path folder;
    private final boolean allowUnlisted;
    private final HostInfo info;
    private final PluginFolder documents;

    public PluginHost(Path folder, boolean allowUnlisted, HostInfo info) {
        this.folder = folder.toAbsolutePath().normalize();
        this.allowUnlisted = allowUnlisted;
        this.info = info;
        this.documents = new YamlPluginFolder(this.folder);
    }

    /**
     * Makes a first injector on a thread of its own: what that loads and sets up takes as long as reading the command
     * line.
     */
    public static void preload() {
        Thread thread = new Thread(
                () -> Guice.createInjector(binder -> binder.bind(HostInfo.class).toInstance(new HostInfo("", ""))),
                "detent-preload");
        thread.setDaemon(true);
        thread.start();
    }

    /** The jars of the folder, judged, sorted by file name. */
    public List<PluginJar> jars() {
        if (!Files.isDirectory(folder)) {
            throw new UserException(
                    PluginProblems.NO_PLUGIN_FOLDER,
                    "is no folder; Detent expects its plugins there",
                    folder.toString());
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .filter(f -> f.getFileName().toString().endsWith(".jar"))
                    .sorted(Comparator.comparing(f -> f.getFileName().toString()))
                    .toList()
                    .parallelStream()
                    .map(PluginJar::read)
                    .toList();
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
    }

    public Registry load() {
        List<PluginJar> jars = jars();
        check(jars);
        return Registry.of(instantiate(jars));
    }

    private void check(List<PluginJar> jars) {
        List<Problem> problems = new ArrayList<>();
        jars.forEach(j -> problems.addAll(j.problems()));
        Map<String, PluginJar> byId = new TreeMap<>();
        for (PluginJar j : jars) {
            PluginJar before = j.id().isEmpty() ? null : byId.putIfAbsent(j.id(), j);
            if (before != null) {
                problems.add(Problem.error(
                        PluginProblems.ID_TWICE,
                        "has the same plugin id '" + j.id() + "' as "
                                + before.file().getFileName() + "; remove one of them",
                        j.file().getFileName().toString()));
            }
        }
        if (problems.isEmpty() && !allowUnlisted) {
            problems.addAll(PluginLock.check(folder, jars));
        }
        if (!problems.isEmpty()) {
            throw new PluginException(problems, null);
        }
    }

    private Map<String, List<Object>> instantiate(List<PluginJar> jars) {
        Manager manager = new Manager(folder);
        manager.loadPlugins();
        manager.startPlugins();
        List<Problem> problems = new ArrayList<>();
        Map<String, List<Object>> extensions = new LinkedHashMap<>();
        for (PluginJar jar : jars) {
            String plugin = jar.id() + " " + jar.version();
            if (manager.getPlugin(jar.id()) == null
                    || manager.getPlugin(jar.id()).getPluginState() != PluginState.STARTED) {
                problems.add(Problem.error(
                        PluginProblems.NOT_STARTED,
                        "plugin '" + jar.id() + "' did not start",
                        jar.file().getFileName().toString()));
                continue;
            }
            List<Object> instances = new ArrayList<>();
            for (String name : jar.extensions()) {
                try {
                    Class<?> type =
                            manager.getPlugin(jar.id()).getPluginClassLoader().loadClass(name);
                    if (!ExtensionPoint.class.isAssignableFrom(type)) {
                        problems.add(Problem.error(
                                PluginProblems.NO_EXTENSION_POINT,
                                name + " implements no extension point of this SPI",
                                jar.file().getFileName().toString()));
                        continue;
                    }
                    instances.add(instantiate(type));
                } catch (Exception | LinkageError e) {
                    problems.add(Problem.error(
                            PluginProblems.NOT_CREATED,
                            "extension " + name + " cannot be created: " + reason(e),
                            jar.file().getFileName().toString()));
                }
            }
            extensions.put(plugin, instances);
        }
        if (!problems.isEmpty()) {
            throw new PluginException(problems, null);
        }
        return extensions;
    }

    /**
     * A standalone injector: a child of the host's would keep the plugin's classes alive and let it reach the host's
     * bindings.
     */
    private Object instantiate(Class<?> type) {
        Injector injector = Guice.createInjector(new AbstractModule() {
            @Override
            protected void configure() {
                binder().requireExplicitBindings();
                binder().disableCircularProxies();
                binder().requireExactBindingAnnotations();
                bind(HostInfo.class).toInstance(info);
                bind(PluginFolder.class).toInstance(documents);
                bind(type);
            }
        });
        return injector.getInstance(type);
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.toString().lines().findFirst().orElse("");
    }

    /**
     * PF4J without its surprises: jars only, our loader, nothing disabled by stray files. Holds no state (its factories
     * run early).
     */
    private static final class Manager extends DefaultPluginManager {
        Manager(Path folder) {
            super(folder);
            setSystemVersion(SpiVersion.CURRENT);
        }

        @Override
        public RuntimeMode getRuntimeMode() {
            return RuntimeMode.DEPLOYMENT;
        }

        @Override
        protected PluginRepository createPluginRepository() {
            return new JarPluginRepository(getPluginsRoots());
        }

        @Override
        protected PluginDescriptorFinder createPluginDescriptorFinder() {
            return new ManifestPluginDescriptorFinder();
        }

        @Override
        protected PluginLoader createPluginLoader() {
            return new JarPluginLoader(this) {
                @Override
                public ClassLoader loadPlugin(Path path, PluginDescriptor descriptor) {
                    AllowListClassLoader loader = new AllowListClassLoader(pluginManager, descriptor);
                    loader.addFile(path.toFile());
                    return loader;
                }
            };
        }

        @Override
        protected PluginStatusProvider createPluginStatusProvider() {
            return new PluginStatusProvider() {
                @Override
                public boolean isPluginDisabled(String id) {
                    return false;
                }

                @Override
                public void disablePlugin(String id) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void enablePlugin(String id) {
                    throw new UnsupportedOperationException();
                }
            };
        }
    }
}
