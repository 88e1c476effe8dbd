package dev.detent.host.pipeline;

import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.plan.Plan;
import dev.detent.host.plugin.Registry;
import dev.detent.kernel.Invariants;
import dev.detent.kernel.Journal;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.kernel.StateMachine;
import dev.detent.runtime.Samples;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Formats a model, dispatches it, applies a target's rules and runs a plan. The envelope around every pass is the same:
 * precondition, run, declared edits only, invariants, journal. One instance serves one run on one thread.
 */
public final class Pipeline {

    /** Watches the configs between passes (traces). */
    public interface Listener {
        Listener NONE = new Listener() {};

        default void prepared(Plan.Step step) {}

        default void ruled(Graph graph, QuantizationConfigs configs, Map<String, Placement> sides) {}

        default void passed(Plan.Step step, QuantizationConfigs configs) {}
    }

    /**
     * @param graph the formatted graph with baked parameters
     * @param floatGraph the formatted and prepared graph before anything was quantized; it computes what the model
     *     computes
     */
    public record Result(
            Graph graph,
            Graph floatGraph,
            QuantizationConfigs configs,
            Journal journal,
            List<Problem> problems,
            Map<String, Placement> sides) {}

    private final Registry registry;
    private final Target target;
    private final int workers;
    private final Progress progress;
    private final Listener listener;
    private final FloatObservationCache floats;
    private final List<Problem> problems = new ArrayList<>();
    private final Journal journal = new Journal();
    private final QuantizationConfigs configs = new QuantizationConfigs();
    private final Set<Fact> facts = EnumSet.of(Fact.FORMATTED);
    private Map<String, Placement> sides = new LinkedHashMap<>();
    private @Nullable Graph floatGraph;

    public Pipeline(Registry registry, Target target, int workers, Progress progress, Listener listener) {
        this(registry, target, workers, progress, listener, new FloatObservationCache(workers));
    }

    /** @param floats observations that runs for several targets share */
    public Pipeline(
            Registry registry,
            Target target,
            int workers,
            Progress progress,
            Listener listener,
            FloatObservationCache floats) {
        this.floats = floats;
        this.registry = registry;
        this.target = target;
        this.workers = workers;
        this.progress = progress;
        this.listener = listener;
    }

    /** Formats {@code graph} in place; {@link #run} expects the result. */
    public static void format(Graph graph, String where) {
        if (graph.opset() < 13) {
            try {
                // Softmax's old meaning needs the rank of its input.
                ShapeInference.infer(graph, where);
            } catch (UserException e) {
                // What this old opset does not allow, the raised one may; the second inference decides.
                GraphNormalizer.apply(graph, where);
            }
        }
        GraphNormalizer.apply(graph, where);
        ShapeInference.infer(graph, where);
    }

    public Result run(Graph graph, Plan plan, Optional<Samples> samples) {
        try (FloatObservationCache open = floats) {
            return steps(graph, plan, samples);
        }
    }

    private Result steps(Graph graph, Plan plan, Optional<Samples> samples) {
        for (Plan.Step step : plan.steps()) {
            PassDescriptor d = step.pass().descriptor();
            if (!facts.contains(Fact.RULES_APPLIED) && !d.forbids().contains(Fact.DISPATCHED)) {
                dispatch(graph, plan);
            }
            run(graph, step, samples);
            if (d.editsGraph()
                    && graph.nodes().stream()
                            .anyMatch(n -> graph.valueInfo(n.output(0)).isEmpty())) {
                ShapeInference.infer(graph, d.id());
            }
            if (facts.contains(Fact.RULES_APPLIED)) {
                listener.passed(step, configs);
            } else {
                listener.prepared(step);
            }
        }
        if (!facts.contains(Fact.RULES_APPLIED)) {
            dispatch(graph, plan);
        }
        return new Result(graph, Objects.requireNonNull(floatGraph), configs, journal, List.copyOf(problems), sides);
    }

    private void dispatch(Graph graph, Plan plan) {
        floatGraph = graph.copy();
        sides = registry.dispatcher(plan.dispatcher()).dispatch(graph, n -> target.supports(n, graph));
        String plugin = registry.pluginOfTarget(target.id());
        Map<TensorRule, Optional<QuantizationParameters>> prescribed = new HashMap<>();
        QuantizationConfigs.Prescriptions prescriptions =
                r -> prescribed.computeIfAbsent(r, k -> registry.prescribed(k.observer(), k.scheme()));
        for (Node n : graph.nodes()) {
            if (sides.get(n.name()) == Placement.QUANTIZED && target.supports(n, graph)) {
                NodeRule rule = target.rules().rule(n, graph);
                if (rule.inputs().size() != n.inputs().size()
                        || rule.outputs().size() != n.outputs().size()) {
                    throw new PluginException(
                            "DT-RUL-001",
                            "the rule of " + n + " has " + rule.inputs().size() + " inputs and "
                                    + rule.outputs().size() + " outputs, the node "
                                    + n.inputs().size() + " and " + n.outputs().size(),
                            plugin);
                }
                configs.add(n, graph, target.id(), rule, prescriptions);
            }
        }
        facts.addAll(EnumSet.of(Fact.PREPARED, Fact.DISPATCHED, Fact.RULES_APPLIED));
        listener.ruled(graph, configs, sides);
    }

    private void run(Graph graph, Plan.Step step, Optional<Samples> samples) {
        PassDescriptor d = step.pass().descriptor();
        if (!facts.containsAll(d.requires())) {
            throw new UserException(
                    "DT-PLN-004", "pass '" + d.id() + "' requires " + d.requires() + "; true so far: " + facts, d.id());
        }
        int revision = graph.revision();
        int baked;
        int before = problems.size();
        Optional<CalibrationSimulator> simulator = samples.filter(s -> s.size() > 0)
                .map(s -> new CalibrationSimulator(
                        d.id(), graph, configs, s, () -> journal.entries().size(), workers, progress, floats));
        try (StateMachine control = new StateMachine(configs, graph, journal, d.id(), step.plugin(), d.verbs())) {
            step.pass()
                    .pass()
                    .run(new DefaultPassContext(
                            d,
                            step.plugin(),
                            graph,
                            configs,
                            control,
                            step.options(),
                            registry,
                            simulator,
                            problems::add));
            baked = control.bakedRevisions();
        } catch (DetentException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw new PluginException(
                    List.of(Problem.error("DT-PAS-012", "pass '" + d.id() + "' failed: " + e, step.plugin())), e);
        } finally {
            simulator.ifPresent(CalibrationSimulator::close);
        }
        if (graph.revision() != revision + baked && !d.editsGraph()) {
            throw new PluginException(
                    "DT-PAS-013", "pass '" + d.id() + "' changed the graph without declaring it", step.plugin());
        }
        facts.removeAll(d.invalidates());
        facts.addAll(d.establishes());
        List<String> broken = Invariants.check(configs, facts);
        if (!broken.isEmpty()) {
            throw new PluginException(
                    "DT-PAS-014", "after pass '" + d.id() + "' " + String.join("; ", broken), step.plugin());
        }
        List<Problem> errors = problems.subList(before, problems.size()).stream()
                .filter(p -> p.severity() == Problem.Severity.ERROR)
                .toList();
        if (!errors.isEmpty()) {
            throw new UserException(errors, null);
        }
    }
}
