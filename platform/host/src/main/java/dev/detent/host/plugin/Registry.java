package dev.detent.host.plugin;

import dev.detent.host.plugin.Contributions.Entry;
import dev.detent.host.problem.PluginProblems;
import dev.detent.host.problem.RegistryProblems;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.Observers;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.NumberSystem;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything the loaded plugins contribute, by id. Immutable once built; sorted, so no order depends on the file
 * system.
 */
public final class Registry implements Observers {

    /** Number systems that need no plugin. */
    private static final List<NumberSystem> BUILT_IN =
            List.of(LinearInteger.INSTANCE, FloatingPoint.E4M3, FloatingPoint.E5M2);

    /** Whose observers are that a run makes for itself. */
    private static final String OURS = "detent";

    private final Contributions all;
    private final List<RefusedPlugin> refused;
    private final List<String> disabled;
    private final Map<String, Map<String, Object>> observerOptions;

    /**
     * @param all only read from now on
     * @param refused files that do not take part
     * @param disabled ids of plugins that a person switched off
     */
    Registry(
            Contributions all,
            List<RefusedPlugin> refused,
            List<String> disabled,
            Map<String, Map<String, Object>> observerOptions) {
        this.all = all;
        this.refused = List.copyOf(refused);
        this.disabled = List.copyOf(disabled);
        this.observerOptions = observerOptions;
    }

    /** What is there without any plugin. */
    static Contributions builtIn() {
        Contributions c = new Contributions();
        BUILT_IN.forEach(s -> c.systems.put(s.id(), new Entry<>(s, "spi", "")));
        return c;
    }

    /**
     * The contributions of extension instances, by plugin, where there is no folder of jars.
     *
     * @throws PluginException with all problems at once
     */
    public static Registry of(Map<String, ? extends Collection<?>> extensionsByPlugin) {
        Contributions all = builtIn();
        List<Problem> problems = new ArrayList<>();
        new TreeMap<>(extensionsByPlugin).forEach((plugin, extensions) -> {
            List<Problem> own = new ArrayList<>();
            Contributions more = Contributions.of(plugin, plugin, extensions, own);
            problems.addAll(own.isEmpty() ? all.add(more) : own);
        });
        if (!problems.isEmpty()) {
            throw new PluginException(problems, null);
        }
        return new Registry(all, List.of(), List.of(), Map.of());
    }

    /**
     * The same registry with options for observers, by observer id. Wrong ones are refused, whether the observer comes
     * to work or not.
     */
    public Registry withObserverOptions(Map<String, Map<String, Object>> options) {
        options.forEach(
                (id, given) -> parse("observer '" + id + "'", id, observer(id).options(), given));
        return new Registry(all, refused, disabled, options);
    }

    /** Plugin files that were found wanting; everything that does not come from them works. */
    public List<RefusedPlugin> refused() {
        return refused;
    }

    /** Ids of plugins that a person switched off. */
    public List<String> disabled() {
        return disabled;
    }

    /** Whether a plugin file contributes anything at all. */
    public boolean isContributing(String file) {
        return !pluginsOf(file).isEmpty();
    }

    /** {@code id version} of the plugins that what a file contributes comes from, of whatever kind it is; sorted. */
    public Set<String> pluginsOf(String file) {
        return Stream.of(all.targets, all.passes, all.dispatchers, all.observers, all.metrics, all.systems)
                .flatMap(m -> m.values().stream())
                .filter(e -> e.file().equals(file))
                .map(Entry::plugin)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The targets of one plugin file. */
    public List<Target> targetsOf(String file) {
        return of(all.targets, file);
    }

    public List<PassDefinition> passesOf(String file) {
        return of(all.passes, file);
    }

    public List<Dispatcher> dispatchersOf(String file) {
        return of(all.dispatchers, file);
    }

    public List<ObserverDefinition> observersOf(String file) {
        return of(all.observers, file);
    }

    private static <T> List<T> of(Map<String, Entry<T>> map, String file) {
        return map.values().stream()
                .filter(e -> e.file().equals(file))
                .map(Entry::item)
                .toList();
    }

    /** An observer that looks at no data and yet prescribes nothing: a range that was found before. */
    public interface Suggestion {}

    /** The same registry with more observers, which belong to no plugin; those of the same id are replaced. */
    public Registry withObservers(Collection<ObserverDefinition> more) {
        Contributions longer = new Contributions();
        longer.add(all);
        more.forEach(d -> longer.observers.put(d.id(), new Entry<>(d, OURS, "")));
        return new Registry(longer, refused, disabled, observerOptions);
    }

    public Collection<Target> targets() {
        return items(all.targets);
    }

    public Collection<PassDefinition> passes() {
        return items(all.passes);
    }

    public Collection<Dispatcher> dispatchers() {
        return items(all.dispatchers);
    }

    public Collection<Metric> metrics() {
        return items(all.metrics);
    }

    public Collection<ObserverDefinition> observers() {
        return items(all.observers);
    }

    /** The observers that a person can choose: without those of {@link #withObservers}. */
    public List<ObserverDefinition> pluginObservers() {
        return all.observers.values().stream()
                .filter(e -> !e.plugin().equals(OURS))
                .map(Entry::item)
                .toList();
    }

    public Target target(String id) {
        return find(all.targets, id, RegistryProblems.NO_TARGET, "backend", "detent backends");
    }

    public PassDefinition pass(String id) {
        return find(all.passes, id, RegistryProblems.NO_PASS, "pass", "detent passes");
    }

    /**
     * Holds what a target asks for against what the loaded plugins offer, so that a plugin's slip is not blamed on the
     * person who chose the target.
     *
     * @param target and the plugin it comes from
     * @param kind of the thing, as people call it
     * @param found looks for it here
     * @throws PluginException there is none of that name
     */
    public static <T> T asked(String target, String plugin, String kind, String id, Function<String, T> found) {
        try {
            return found.apply(id);
        } catch (UserException e) {
            throw new PluginException(
                    List.of(Problem.error(
                            PluginProblems.NOT_OFFERED,
                            "target '" + target + "' asks for " + kind + " '" + id + "', which no loaded plugin offers",
                            plugin)),
                    e);
        }
    }

    /** A dispatcher by its id, or by one that it had before. */
    public Dispatcher dispatcher(String id) {
        String now = dispatchers().stream()
                .filter(d -> d.formerIds().contains(id))
                .map(Dispatcher::id)
                .findFirst()
                .orElse(id);
        return find(all.dispatchers, now, RegistryProblems.NO_DISPATCHER, "dispatcher", "detent passes");
    }

    public ObserverDefinition observer(String id) {
        return find(
                all.observers,
                id.toLowerCase(Locale.ROOT),
                RegistryProblems.NO_OBSERVER,
                "observer",
                "detent observers");
    }

    public Metric metric(String id) {
        return find(all.metrics, id, RegistryProblems.NO_METRIC, "metric", "detent metrics");
    }

    /** What the plugins can tell, catalogue by catalogue; asked only when somebody wants an explanation. */
    public List<ProblemType> problemTypes() {
        return all.catalogs.stream().flatMap(c -> c.types().stream()).toList();
    }

    /** Class loader of a plugin that contributes something. */
    public Optional<ClassLoader> loader(String plugin) {
        return Optional.ofNullable(all.loaders.get(plugin));
    }

    /** The number system of a finished run. */
    public NumberSystem numberSystem(String id) {
        return find(all.systems, id, RegistryProblems.NO_NUMBER_SYSTEM, "number system", "detent plugins list");
    }

    /** {@code id version} of the plugin a pass comes from. */
    public String pluginOf(String pass) {
        return Optional.ofNullable(all.passes.get(pass)).map(Entry::plugin).orElse("");
    }

    public String pluginOfTarget(String target) {
        return Optional.ofNullable(all.targets.get(target)).map(Entry::plugin).orElse("");
    }

    /** {@code id version} of the plugin a dispatcher comes from. */
    public String pluginOfDispatcher(String dispatcher) {
        return Optional.ofNullable(all.dispatchers.get(dispatcher))
                .map(Entry::plugin)
                .orElse("");
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
        return Optional.ofNullable(all.observers.get(observer.toLowerCase(Locale.ROOT)))
                .filter(e -> e.item().handles().test(scheme))
                .map(e -> create(observer, scheme))
                .filter(o -> !o.needsData() && !(o instanceof Suggestion))
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

    private <T> T find(Map<String, Entry<T>> map, String id, ProblemType problem, String kind, String list) {
        Entry<T> e = map.get(id);
        if (e == null) {
            String missing = "there is no " + kind + " '" + id + "'" + DidYouMean.among(id, map.keySet());
            String off = disabled.isEmpty() ? "" : "; disabled: " + String.join(", ", disabled);
            if (!refused.isEmpty()) {
                throw new PluginException(
                        problem,
                        missing + "; it may be in a plugin that was refused ("
                                + refused.stream().map(RefusedPlugin::file).collect(Collectors.joining(", ")) + ")"
                                + off,
                        "");
            }
            throw new UserException(problem, missing + "; '" + list + "' lists them" + off, "");
        }
        return e.item();
    }
}
