package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.MetricProvider;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.NumberSystemProvider;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What one plugin file contributes, or several together, by kind and id; sorted by id. */
final class Contributions {

    /**
     * A contribution.
     *
     * @param plugin {@code id version} of the plugin it comes from
     * @param file name of the jar, or of the YAML file that describes it
     */
    record Entry<T>(T item, String plugin, String file) {}

    final Map<String, Entry<Target>> targets = new TreeMap<>();
    final Map<String, Entry<PassDefinition>> passes = new TreeMap<>();
    final Map<String, Entry<Dispatcher>> dispatchers = new TreeMap<>();
    final Map<String, Entry<ObserverDefinition>> observers = new TreeMap<>();
    final Map<String, Entry<Metric>> metrics = new TreeMap<>();
    final Map<String, Entry<NumberSystem>> systems = new TreeMap<>();
    final Map<String, ClassLoader> loaders = new TreeMap<>();
    final List<ProblemCatalog> catalogs = new ArrayList<>();

    /**
     * Asks extension instances for what they contribute.
     *
     * @param problems receives what is wrong; when it grows, the result must not be used
     */
    static Contributions of(String plugin, String file, Collection<?> extensions, List<Problem> problems) {
        Contributions own = new Contributions();
        PluginCallGuard guard = new PluginCallGuard(plugin, "the plugin");
        try {
            for (Object e : extensions) {
                own.loaders.put(plugin, e.getClass().getClassLoader());
                own.collect(guard.guard(e), plugin, file, guard, problems);
            }
        } catch (DetentException e) {
            problems.addAll(e.problems());
        } catch (RuntimeException e) {
            // An id or a part that is null, for the most part.
            problems.add(Problem.error(PluginProblems.CALL_FAILED, "contributes what cannot be taken: " + e, plugin));
        }
        return own;
    }

    private void collect(Object extension, String plugin, String file, PluginCallGuard guard, List<Problem> problems) {
        if (extension instanceof Backend b) {
            b.targets().forEach(t -> {
                TargetIds.fault(t.id(), targets.keySet())
                        .ifPresent(f -> problems.add(Problem.error(PluginProblems.TARGET_ID, f, plugin)));
                put(targets, t.id(), new Entry<>(t, plugin, file), "target", problems);
            });
        }
        if (extension instanceof PassProvider p) {
            p.passes().forEach(d -> put(passes, d.descriptor().id(), new Entry<>(d, plugin, file), "pass", problems));
        }
        if (extension instanceof DispatcherProvider p) {
            p.dispatchers()
                    .forEach(d -> put(dispatchers, d.id(), new Entry<>(d, plugin, file), "dispatcher", problems));
        }
        if (extension instanceof MetricProvider p) {
            p.metrics().forEach(m -> put(metrics, m.id(), new Entry<>(m, plugin, file), "metric", problems));
        }
        if (extension instanceof NumberSystemProvider p) {
            p.numberSystems()
                    .forEach(n -> put(
                            systems,
                            guard.of("a number system").ask(n::id),
                            new Entry<>(n, plugin, file),
                            "number system",
                            problems));
        }
        if (extension instanceof ProblemCatalog c) {
            catalogs.add(c);
        }
        if (extension instanceof ObserverProvider p) {
            p.observers().forEach(o -> put(observers, o.id(), new Entry<>(o, plugin, file), "observer", problems));
        }
    }

    private static <T> void put(
            Map<String, Entry<T>> to, String id, Entry<T> entry, String kind, List<Problem> problems) {
        Entry<T> before = to.putIfAbsent(id, entry);
        if (before != null) {
            problems.add(Problem.error(
                    PluginProblems.CONTRIBUTED_TWICE,
                    kind + " '" + id + "' is contributed by '" + before.plugin() + "' (" + before.file()
                            + ") as well; remove one of the files",
                    entry.plugin() + " (" + entry.file() + ")"));
        }
    }

    /** Adds another's, all of them or, when there are problems, none. */
    List<Problem> add(Contributions more) {
        List<Problem> problems = new ArrayList<>();
        more.targets.forEach((id, e) -> TargetIds.fault(id, targets.keySet())
                .ifPresent(f -> problems.add(Problem.error(PluginProblems.TARGET_ID, f, e.plugin()))));
        clashes(targets, more.targets, "target", problems);
        clashes(passes, more.passes, "pass", problems);
        clashes(dispatchers, more.dispatchers, "dispatcher", problems);
        clashes(metrics, more.metrics, "metric", problems);
        clashes(systems, more.systems, "number system", problems);
        clashes(observers, more.observers, "observer", problems);
        if (problems.isEmpty()) {
            targets.putAll(more.targets);
            passes.putAll(more.passes);
            dispatchers.putAll(more.dispatchers);
            metrics.putAll(more.metrics);
            systems.putAll(more.systems);
            observers.putAll(more.observers);
            loaders.putAll(more.loaders);
            catalogs.addAll(more.catalogs);
        }
        return problems;
    }

    private static <T> void clashes(
            Map<String, Entry<T>> all, Map<String, Entry<T>> more, String kind, List<Problem> problems) {
        Map<String, Entry<T>> scratch = new TreeMap<>(all);
        more.forEach((id, e) -> put(scratch, id, e, kind, problems));
    }
}
