package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.host.problem.RegistryProblems;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.MetricProvider;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.NumberSystemProvider;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything the loaded plugins contribute, by id. Immutable once built; sorted, so no order depends on the file
 * system.
 */
public final class Registry implements Observers {

    /** A contribution and the plugin ({@code id version}) it comes from. */
    private record Entry<T>(T item, String plugin) {}

    /** Number systems that need no plugin. */
    private static final List<NumberSystem> BUILT_IN =
            List.of(LinearInteger.INSTANCE, FloatingPoint.E4M3, FloatingPoint.E5M2);

    private final Map<String, Entry<Target>> targets = new TreeMap<>();
    private final Map<String, Entry<PassDefinition>> passes = new TreeMap<>();
    private final Map<String, Entry<Dispatcher>> dispatchers = new TreeMap<>();
    private final Map<String, Entry<ObserverDefinition>> observers = new TreeMap<>();
    private final Map<String, Entry<Metric>> metrics = new TreeMap<>();
    private final Map<String, Entry<NumberSystem>> systems = new TreeMap<>();
    private final List<ProblemCatalog> problems = new ArrayList<>();
    private final Map<String, ClassLoader> loaders = new TreeMap<>();
    private final Map<String, Map<String, Object>> observerOptions;

    private Registry(Map<String, Map<String, Object>> observerOptions) {
        this.observerOptions = observerOptions;
    }

    /** Collects the contributions of extension instances, by plugin; all clashes are reported at once. */
    public static Registry of(Map<String, ? extends Collection<?>> extensionsByPlugin) {
        Registry r = new Registry(Map.of());
        BUILT_IN.forEach(s -> r.systems.put(s.id(), new Entry<>(s, "spi")));
        List<Problem> problems = new ArrayList<>();
        new TreeMap<>(extensionsByPlugin).forEach((plugin, extensions) -> {
            PluginCallGuard guard = new PluginCallGuard(plugin, "the plugin");
            for (Object e : extensions) {
                r.loaders.put(plugin, e.getClass().getClassLoader());
                r.add(guard.guard(e), plugin, guard, problems);
            }
        });
        if (!problems.isEmpty()) {
            throw new PluginException(problems, null);
        }
        return r;
    }

    private void add(Object extension, String plugin, PluginCallGuard guard, List<Problem> problems) {
        if (extension instanceof Backend b) {
            b.targets().forEach(t -> {
                TargetIds.fault(t.id(), targets.keySet())
                        .ifPresent(f -> problems.add(Problem.error(PluginProblems.TARGET_ID, f, plugin)));
                add(targets, t.id(), t, plugin, "target", problems);
            });
        }
        if (extension instanceof PassProvider p) {
            p.passes().forEach(d -> add(passes, d.descriptor().id(), d, plugin, "pass", problems));
        }
        if (extension instanceof DispatcherProvider p) {
            p.dispatchers().forEach(d -> add(dispatchers, d.id(), d, plugin, "dispatcher", problems));
        }
        if (extension instanceof MetricProvider p) {
            p.metrics().forEach(m -> add(metrics, m.id(), m, plugin, "metric", problems));
        }
        if (extension instanceof NumberSystemProvider p) {
            p.numberSystems()
                    .forEach(n ->
                            add(systems, guard.of("a number system").ask(n::id), n, plugin, "number system", problems));
        }
        if (extension instanceof ProblemCatalog c) {
            this.problems.add(c);
        }
        if (extension instanceof ObserverProvider p) {
            p.observers().forEach(o -> add(observers, o.id(), o, plugin, "observer", problems));
        }
    }

    private static <T> void add(
            Map<String, Entry<T>> to, String id, T item, String plugin, String kind, List<Problem> problems) {
        Entry<T> before = to.putIfAbsent(id, new Entry<>(item, plugin));
        if (before != null) {
            problems.add(Problem.error(
                    PluginProblems.CONTRIBUTED_TWICE,
                    kind + " '" + id + "' is contributed by '" + before.plugin() + "' as well; remove one of the jars",
                    plugin));
        }
    }

    /**
     * The same registry with options for observers, by observer id. Wrong ones are refused, whether the observer comes
     * to work or not.
     */
    public Registry withObserverOptions(Map<String, Map<String, Object>> options) {
        options.forEach(
                (id, given) -> parse("observer '" + id + "'", id, observer(id).options(), given));
        Registry r = new Registry(options);
        r.targets.putAll(targets);
        r.passes.putAll(passes);
        r.dispatchers.putAll(dispatchers);
        r.observers.putAll(observers);
        r.metrics.putAll(metrics);
        r.systems.putAll(systems);
        r.problems.addAll(problems);
        r.loaders.putAll(loaders);
        return r;
    }

    public Collection<Target> targets() {
        return items(targets);
    }

    public Collection<PassDefinition> passes() {
        return items(passes);
    }

    public Collection<Dispatcher> dispatchers() {
        return items(dispatchers);
    }

    public Collection<Metric> metrics() {
        return items(metrics);
    }

    public Collection<ObserverDefinition> observers() {
        return items(observers);
    }

    /** What the plugins can tell, catalogue by catalogue; asked only when somebody wants an explanation. */
    public List<ProblemType> problemTypes() {
        return problems.stream().flatMap(c -> c.types().stream()).toList();
    }

    public Target target(String id) {
        return find(targets, id, RegistryProblems.NO_TARGET, "backend", "detent backends");
    }

    public PassDefinition pass(String id) {
        return find(passes, id, RegistryProblems.NO_PASS, "pass", "detent passes");
    }

    public Dispatcher dispatcher(String id) {
        return find(dispatchers, id, RegistryProblems.NO_DISPATCHER, "dispatcher", "detent passes");
    }

    public ObserverDefinition observer(String id) {
        return find(
                observers, id.toLowerCase(Locale.ROOT), RegistryProblems.NO_OBSERVER, "observer", "detent observers");
    }

    public Metric metric(String id) {
        return find(metrics, id, RegistryProblems.NO_METRIC, "metric", "detent metrics");
    }

    /** Class loader of a plugin that contributes something. */
    public Optional<ClassLoader> loader(String plugin) {
        return Optional.ofNullable(loaders.get(plugin));
    }

    /** The number system of a finished run. */
    public NumberSystem numberSystem(String id) {
        return find(systems, id, RegistryProblems.NO_NUMBER_SYSTEM, "number system", "detent plugins list");
    }

    /** {@code id version} of the plugin a pass comes from. */
    public String pluginOf(String pass) {
        return Optional.ofNullable(passes.get(pass)).map(Entry::plugin).orElse("");
    }

    public String pluginOfTarget(String target) {
        return Optional.ofNullable(targets.get(target)).map(Entry::plugin).orElse("");
    }

    /** {@code id version} of the plugin a dispatcher comes from. */
    public String pluginOfDispatcher(String dispatcher) {
        return Optional.ofNullable(dispatchers.get(dispatcher))
                .map(Entry::plugin)
                .orElse("");
    }

    public String pluginOfObserver(String observer) {
        return Optional.ofNullable(observers.get(observer)).map(Entry::plugin).orElse("");
    }

    @Override
    public Observer create(String id, Scheme scheme) {
        ObserverDefinition d = observer(id);
        if (!d.handles().test(scheme)) {
            throw new UserException(
                    RegistryProblems.OBSERVER_SCHEME,
                    "observer '" + id + "' cannot serve a scheme of " + scheme + "; choose another method",
                    id);
        }
        return d.factory()
                .apply(
                        scheme,
                        parse(
                                "observer '" + id + "'",
                                id,
                                d.options(),
                                observerOptions.getOrDefault(d.id(), Map.of())));
    }

    /**
     * The encoding that a rule prescribes by naming an observer that looks at no data; empty for one that does. An
     * observer that does not exist, or cannot serve the scheme, is complained of when a pass asks for it.
     */
    public Optional<QuantizationParameters> prescribed(String observer, Scheme scheme) {
        return Optional.ofNullable(observers.get(observer.toLowerCase(Locale.ROOT)))
                .filter(e -> e.item().handles().test(scheme))
                .map(e -> create(observer, scheme))
                .filter(o -> !o.needsData())
                .map(o -> o.render(scheme));
    }

    /** Parses given option values; an unknown name is an error with a suggestion. */
    public static Options parse(String owner, String prefix, List<Option<?>> known, Map<String, Object> given) {
        Map<String, Object> values = new LinkedHashMap<>();
        given.forEach((name, value) -> {
            Option<?> option = known.stream()
                    .filter(o -> o.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new UserException(
                            RegistryProblems.NO_OPTION,
                            owner + " has no option '" + name + "'"
                                    + DidYouMean.among(
                                            name,
                                            known.stream().map(Option::name).toList()),
                            prefix + "." + name));
            try {
                values.put(name, option.parse(value));
            } catch (IllegalArgumentException e) {
                throw new UserException(
                        RegistryProblems.OPTION_VALUE,
                        e.getMessage() + " (" + option.help() + ")",
                        prefix + "." + name,
                        e);
            }
        });
        return new Options(values);
    }

    private static <T> Collection<T> items(Map<String, Entry<T>> map) {
        return Collections.unmodifiableCollection(
                map.values().stream().map(Entry::item).toList());
    }

    private static <T> T find(Map<String, Entry<T>> map, String id, ProblemType problem, String kind, String list) {
        Entry<T> e = map.get(id);
        if (e == null) {
            throw new UserException(
                    problem,
                    "there is no " + kind + " '" + id + "'" + DidYouMean.among(id, map.keySet()) + "; '" + list
                            + "' lists them",
                    "");
        }
        return e.item();
    }
}
