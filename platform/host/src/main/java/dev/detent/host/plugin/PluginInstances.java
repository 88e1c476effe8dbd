package dev.detent.host.plugin;

import com.google.inject.AbstractModule;
import com.google.inject.ConfigurationException;
import com.google.inject.CreationException;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.spi.Message;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.HostInfo;
import dev.detent.spi.PluginFolder;
import dev.detent.spi.problem.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.pf4j.ExtensionPoint;

/**
 * Makes the extensions of sound plugin files and asks them what they contribute. Each gets an injector of its own that
 * holds the SPI's services and nothing else. A file's contributions are taken all together or not at all.
 */
final class PluginInstances {

    private final IsolatingPluginManager manager;
    private final HostInfo info;
    private final LoadingDeadline deadline;
    private final List<RefusedPlugin> refused;
    private final Contributions all = Registry.builtIn();

    /** @param refused gets the files whose code fails */
    PluginInstances(Path folder, HostInfo info, LoadingDeadline deadline, List<RefusedPlugin> refused) {
        this.manager = new IsolatingPluginManager(folder);
        this.info = info;
        this.deadline = deadline;
        this.refused = refused;
    }

    /**
     * @param files in the order in which they load: what two contribute is the earlier one's, of jars and of documents
     *     alike
     */
    Contributions load(List<PluginFile> files) {
        List<Reader> readers = new ArrayList<>();
        List<YamlPluginFile> documents = new ArrayList<>();
        for (PluginFile f : files) {
            if (f instanceof PluginJar jar) {
                deadline.begin(jar.id() + " " + jar.version() + " (" + jar.name() + ")");
                List<Reader> more = load(jar);
                more.forEach(r -> documents.forEach(d -> show(r, d)));
                readers.addAll(more);
            } else if (f instanceof YamlPluginFile d) {
                readers.forEach(r -> show(r, d));
                documents.add(d);
            }
        }
        return all;
    }

    /** An extension that makes something of documents. */
    private record Reader(PluginJar jar, Class<?> type) {}

    private List<Reader> load(PluginJar jar) {
        List<Problem> problems = new ArrayList<>();
        List<Class<?>> types = types(jar, problems);
        List<Object> instances = new ArrayList<>();
        List<Reader> readers = new ArrayList<>();
        for (Class<?> type : types) {
            if (isReader(type)) {
                readers.add(new Reader(jar, type));
            } else {
                make(type, Map::of, jar.name(), problems, instances);
            }
        }
        take(jar, jar.name(), instances, problems);
        return problems.isEmpty() ? readers : List.of();
    }

    /** One file that is wrong costs the others nothing, so each is shown to an instance of its own. */
    private void show(Reader reader, YamlPluginFile d) {
        deadline.begin(reader.jar().id() + " " + reader.jar().version() + " (" + d.name() + ")");
        List<Problem> problems = new ArrayList<>();
        List<Object> made = new ArrayList<>();
        make(reader.type(), () -> Map.of(d.name(), d.document()), d.name(), problems, made);
        take(reader.jar(), d.name(), made, problems);
    }

    private void take(PluginJar jar, String file, Collection<?> instances, List<Problem> problems) {
        if (problems.isEmpty()) {
            Contributions own = Contributions.of(jar.id() + " " + jar.version(), file, instances, problems);
            if (problems.isEmpty()) {
                problems.addAll(all.add(own));
            }
        }
        if (!problems.isEmpty()) {
            refused.add(new RefusedPlugin(file, problems));
        }
    }

    /** Extensions that ask for what lies beside the jars. */
    private static boolean isReader(Class<?> type) {
        return Arrays.stream(type.getDeclaredConstructors())
                .anyMatch(c -> Arrays.asList(c.getParameterTypes()).contains(PluginFolder.class));
    }

    @SuppressWarnings("CatchingUnchecked") // Whatever a plugin throws: it is refused, the others load.
    private List<Class<?>> types(PluginJar jar, List<Problem> problems) {
        List<Class<?>> types = new ArrayList<>();
        ClassLoader loader;
        try {
            loader = manager.start(jar);
        } catch (Exception | LinkageError | StackOverflowError | AssertionError e) {
            problems.add(Problem.error(
                    PluginProblems.NOT_STARTED, "plugin '" + jar.id() + "' did not start: " + reason(e), jar.name()));
            return types;
        }
        for (String name : jar.extensions()) {
            try {
                Class<?> type = loader.loadClass(name);
                if (ExtensionPoint.class.isAssignableFrom(type)) {
                    types.add(type);
                } else {
                    problems.add(Problem.error(
                            PluginProblems.NO_EXTENSION_POINT,
                            name + " implements no extension point of this SPI",
                            jar.name()));
                }
            } catch (Exception | LinkageError e) {
                problems.add(notCreated(name, e, jar.name()));
            }
        }
        return types;
    }

    private void make(
            Class<?> type, PluginFolder documents, String file, List<Problem> problems, List<Object> instances) {
        try {
            instances.add(injector(type, documents).getInstance(type));
        } catch (Exception | LinkageError | StackOverflowError | AssertionError e) {
            problems.add(notCreated(type.getName(), e, file));
        }
    }

    private static Problem notCreated(String type, Throwable e, String file) {
        return Problem.error(
                PluginProblems.NOT_CREATED, "extension " + type + " cannot be created: " + reason(e), file);
    }

    /**
     * A standalone injector: a child of the host's would keep the plugin's classes alive and let it reach the host's
     * bindings.
     */
    private Injector injector(Class<?> type, PluginFolder documents) {
        return Guice.createInjector(new AbstractModule() {
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
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        // Guice's own text begins with a heading.
        Collection<Message> messages = cause instanceof CreationException c
                ? c.getErrorMessages()
                : cause instanceof ConfigurationException c ? c.getErrorMessages() : List.of();
        String text = messages.isEmpty()
                ? cause.toString()
                : messages.iterator().next().getMessage();
        return text.lines().findFirst().orElse("");
    }
}
