package dev.detent.host.contract;

import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.Planner;
import dev.detent.host.plan.StandardRecipes;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.RefusedPlugin;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.spi.HostInfo;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.Problem;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.DescriptorContract;
import dev.detent.testkit.RulesContract;
import dev.detent.testkit.SampleGraphs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The contracts of one plugin file that lies among others in a folder, one after the other. Runs in a process of its
 * own ({@link ContractProcess}): what plugins do there may be anything.
 */
final class PluginContracts {

    private static final String ISOLATION = "IsolationContract";
    private static final String PASS = "PassContract";

    /** A chip as good as any for passes and dispatchers that do not come with one. */
    private static final Target PLAIN = DeclaredTarget.of("contract", "8 bits everywhere")
            .quantizes(OperatorTable.types(Trait.WEIGHTED))
            .activations(LinearInteger.asymmetric(8, 0, 255), "minmax")
            .channelWeights(LinearInteger.symmetric(8, -128, 127), "minmax", OperatorTable.types(Trait.WEIGHTED))
            .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
            .recipe(h -> h.integer())
            .build();

    private final ContractReport report;
    private final Set<Thread> threads = Thread.getAllStackTraces().keySet();

    PluginContracts(ContractReport report) {
        this.report = report;
    }

    /** @param files name of the jar, and of the YAML example it brings; or of a YAML file alone */
    void run(Path folder, List<String> files, HostInfo info) {
        Optional<Registry> loaded = load(folder, files, info);
        if (loaded.isPresent()) {
            Registry registry = loaded.get();
            if (files.stream().noneMatch(registry::isContributing)) {
                report.check(
                        new ContractViolation("ContributionContract", false, files.get(0) + " contributes nothing"));
                return;
            }
            files.forEach(f -> contribution(registry, f));
            step(ISOLATION, files.get(0), () -> List.of(isolation(registry, files)));
        }
    }

    private Optional<Registry> load(Path folder, List<String> files, HostInfo info) {
        List<Registry> loaded = new ArrayList<>();
        step(ISOLATION, "loading " + files.get(0), () -> {
            Registry registry = new PluginHost(folder, false, info).load();
            List<String> refused = registry.refused().stream()
                    .filter(r -> files.contains(r.file()))
                    .map(RefusedPlugin::problems)
                    .flatMap(List::stream)
                    .map(Problem::toString)
                    .toList();
            if (refused.isEmpty()) {
                loaded.add(registry);
            }
            return refused.stream()
                    .map(r -> new ContractViolation(ISOLATION, false, r))
                    .toList();
        });
        return loaded.stream().findFirst();
    }

    private void contribution(Registry registry, String file) {
        Set<String> observers =
                registry.observers().stream().map(ObserverDefinition::id).collect(Collectors.toSet());
        for (ObserverDefinition o : registry.observersOf(file)) {
            step("ObserverContract", o.id(), () -> List.of(DescriptorContract.check(o)));
        }
        QuantizationRecipe integer = StandardRecipes.INSTANCE.integer();
        for (PassDefinition p : registry.passesOf(file)) {
            String id = p.descriptor().id();
            step(PASS, id, () -> List.of(DescriptorContract.check(p)));
            SampleGraphs.all()
                    .forEach((name, g) -> step(
                            PASS,
                            id + " on " + name,
                            () -> runs(
                                    PASS,
                                    registry,
                                    integer.passes().containsKey(id) ? integer : integer.with(id),
                                    name,
                                    g,
                                    id)));
        }
        for (Dispatcher d : registry.dispatchersOf(file)) {
            SampleGraphs.all()
                    .forEach((name, g) -> step(
                            "DispatcherContract",
                            d.id() + " on " + name,
                            () -> runs(
                                    "DispatcherContract",
                                    registry,
                                    new QuantizationRecipe(d.id(), integer.passes()),
                                    name,
                                    g,
                                    d.id())));
        }
        for (Target t : registry.targetsOf(file)) {
            step("RulesContract", t.id(), () -> RulesContract.check(t, observers));
            SampleGraphs.all()
                    .forEach((name, g) -> step(
                            "PipelineContract",
                            t.id() + " on " + name,
                            () -> TargetContract.check(registry, t, name, g)));
        }
    }

    /** The pipeline refuses verbs, edits and facts that a pass does not declare. */
    private static List<ContractViolation> runs(
            String contract, Registry registry, QuantizationRecipe recipe, String name, Graph source, String id) {
        Graph graph = source.copy();
        GraphNormalizer.normalize(graph, name);
        TargetPlan plan = new TargetPlan(PLAIN, "contract", registry, new Planner(registry).plan(recipe), List.of());
        new Pipeline(graph::copy, new NoiseSamples(graph, 8), 1, Progress.QUIET).run(plan);
        return List.of(new ContractViolation(contract, true, id + " on " + name + ": keeps to what it declares"));
    }

    private ContractViolation isolation(Registry registry, List<String> files) {
        List<String> broken = new ArrayList<>();
        Thread.getAllStackTraces().keySet().stream()
                .filter(t -> !threads.contains(t) && t.isAlive() && !t.isDaemon())
                .forEach(t -> broken.add("left the thread '" + t.getName() + "' running"));
        Set<String> plugins = new TreeSet<>();
        files.forEach(f -> plugins.addAll(registry.pluginsOf(f)));
        for (String plugin : plugins) {
            registry.loader(plugin)
                    .filter(PluginContracts::seesTheHost)
                    .ifPresent(l -> broken.add("sees classes of the host"));
        }
        String what = files.get(0);
        return new ContractViolation(
                ISOLATION,
                broken.isEmpty(),
                what + (broken.isEmpty() ? ": sees the SPI and itself" : ": " + String.join("; ", broken)));
    }

    private static boolean seesTheHost(ClassLoader loader) {
        try {
            loader.loadClass(Pipeline.class.getName());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    @SuppressWarnings("CatchingUnchecked") // Whatever a plugin throws breaks its contract.
    private void step(String contract, String subject, Supplier<List<ContractViolation>> checks) {
        report.begin(contract, subject);
        try {
            checks.get().forEach(report::check);
        } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError | AssertionError e) {
            report.check(new ContractViolation(
                    contract, false, subject + ": " + (e instanceof DetentException ? e.getMessage() : e)));
        }
    }
}
