package dev.detent.host.pipeline;

import dev.detent.host.observe.SampleRanges;
import dev.detent.host.plan.Step;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.host.problem.PipelineProblems;
import dev.detent.host.problem.PlanProblems;
import dev.detent.host.rules.RuleHits;
import dev.detent.host.rules.UserRules;
import dev.detent.kernel.Invariants;
import dev.detent.kernel.Journal;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.kernel.StateMachine;
import dev.detent.runtime.BlockWalk;
import dev.detent.runtime.ShapeInference;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.run.Differentiator;
import dev.detent.spi.run.Simulator;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One target's way through its plan. It stops in front of every pass that wants to see data and goes on when that was
 * seen. What surrounds a pass is the same for all: precondition, observations, run, declared edits only, invariants,
 * journal.
 */
final class PlanRun {

    private final Pipeline.Task task;
    private final Supplier<Graph> normalized;
    private final CalibrationSimulator.Setting setting;
    private final List<Problem> problems = new ArrayList<>();
    private final List<Pipeline.DoneStep> done = new ArrayList<>();
    private final Journal journal = new Journal();
    private final QuantizationConfigs configs = new QuantizationConfigs();
    private final Set<Fact> facts = EnumSet.noneOf(Fact.class);
    private final Map<String, NodeRule> targetRules = new LinkedHashMap<>();
    /** Passes that only improve a model, for which statistics were not kept. */
    private final Set<Step> leftOut = new HashSet<>();

    private List<RuleHits> hits = List.of();
    private List<Pipeline.Branch> branches = List.of();
    private @Nullable Graph graph;
    private @Nullable Graph floatGraph;
    private @Nullable Graph unrounded;
    private @Nullable RuntimeException failure;
    private Map<String, Placement> placements = Map.of();
    private final SortedMap<String, SampleRanges> ranges = new TreeMap<>();
    private Optional<FloatObservations.Request> asked = Optional.empty();

    PlanRun(Pipeline.Task task, Supplier<Graph> normalized, CalibrationSimulator.Setting setting) {
        this.task = task;
        this.normalized = normalized;
        this.setting = setting;
    }

    private Graph graph() {
        return Objects.requireNonNull(graph, "a plan begins with the step normalize");
    }

    /**
     * Runs steps up to one that wants to see something, and says what; empty when the plan is done or has failed. A
     * failure is kept for {@link #attempt}: other targets' plans go on.
     */
    Optional<FloatObservations.Request> advance() {
        try {
            return failure == null ? next() : Optional.empty();
        } catch (RuntimeException e) {
            failure = e;
            return Optional.empty();
        }
    }

    private Optional<FloatObservations.Request> next() {
        List<Step> steps = task.target().plan().steps();
        while (done.size() < steps.size()) {
            Step step = steps.get(done.size());
            if (asked.isEmpty()) {
                asked = step instanceof Step.RunPass pass ? request(pass) : Optional.empty();
                if (asked.isPresent()) {
                    return asked;
                }
            }
            int before = journal.entries().size();
            Graph start = graph;
            Graph kept = start == null || unrounded != null ? null : start.copy();
            int revision = start == null ? -1 : start.revision();
            int told = problems.size();
            perform(step);
            if (unrounded == null && hasWeightScales()) {
                unrounded = kept;
            }
            asked = Optional.empty();
            List<String> broken = FactInvariants.broken(new FactInvariants.Model(graph(), placements, configs), facts);
            if (!broken.isEmpty()) {
                throw broken(step, broken);
            }
            done.add(new Pipeline.DoneStep(
                    step,
                    before,
                    journal.entries().size() - before,
                    step instanceof Step.ApplyUserRules ? hits : List.of(),
                    step instanceof Step.RunPass
                            && graph().revision() == revision
                            && journal.entries().size() == before
                            && problems.size() == told));
            task.listener().after(step, new PipelineListener.Model(graph(), configs, placements));
        }
        return Optional.empty();
    }

    /** From here on weights may be rounded. */
    private boolean hasWeightScales() {
        return configs.configs().stream()
                .anyMatch(c -> c.isInitializer() && !c.isFixed() && c.qparams().isPresent());
    }

    private static DetentException broken(Step step, List<String> broken) {
        String text = String.join("; ", broken);
        return step.plugin().equals(Step.HOST)
                ? new InternalException(
                        PlanProblems.INVARIANT_BROKEN, "after step '" + step.id() + "' " + text, step.id(), null)
                : new PluginException(
                        PipelineProblems.INVARIANT_BROKEN,
                        "after " + (step instanceof Step.RunPass ? "pass" : "step") + " '" + step.id() + "' " + text,
                        step.plugin());
    }

    Pipeline.Attempt attempt() {
        return failure == null ? new Pipeline.Attempt(result(), null) : new Pipeline.Attempt(null, failure);
    }

    private Pipeline.Result result() {
        return new Pipeline.Result(
                new Pipeline.Graphs(
                        graph(),
                        Objects.requireNonNull(floatGraph),
                        Objects.requireNonNullElse(unrounded, graph()),
                        branches),
                configs,
                journal,
                List.copyOf(problems),
                placements,
                List.copyOf(done),
                ranges);
    }

    private void perform(Step step) {
        if (step instanceof Step.Normalize) {
            graph = normalized.get();
            facts.add(Fact.FORMATTED);
        } else if (step instanceof Step.Place place) {
            place(place);
        } else if (step instanceof Step.ApplyRules) {
            applyRules();
        } else if (step instanceof Step.ApplyUserRules user) {
            applyUserRules(user);
        } else if (step instanceof Step.RunPass pass) {
            if (!leftOut.contains(pass)) {
                run(pass);
            }
        } else if (step instanceof Step.Freeze) {
            freeze();
        }
    }

    private void place(Step.Place step) {
        Target target = task.target().target();
        floatGraph = graph().copy();
        placements = task.target()
                .registry()
                .dispatcher(step.dispatcher())
                .dispatch(graph(), n -> target.supports(n, graph()));
        facts.add(Fact.DISPATCHED);
    }

    private void applyRules() {
        Target target = task.target().target();
        QuantizationConfigs.Prescriptions prescriptions = prescriptions();
        Set<String> observers = new HashSet<>();
        for (Node n : graph().nodes()) {
            if (placements.get(n.name()) == Placement.QUANTIZED && target.supports(n, graph())) {
                NodeRule rule = target.rules().rule(n, graph());
                if (rule.inputs().size() != n.inputs().size()
                        || rule.outputs().size() != n.outputs().size()) {
                    throw new PluginException(
                            PipelineProblems.RULE_ARITY,
                            "the rule of " + n + " has " + rule.inputs().size() + " inputs and "
                                    + rule.outputs().size() + " outputs, the node "
                                    + n.inputs().size() + " and " + n.outputs().size(),
                            task.target().plugin());
                }
                Stream.concat(rule.inputs().stream(), rule.outputs().stream())
                        .filter(r -> r.state() != InitialState.FP32)
                        .map(TensorRule::observer)
                        .filter(observers::add)
                        .forEach(o -> Registry.asked(
                                target.id(),
                                task.target().plugin(),
                                "observer",
                                o,
                                task.target().registry()::observer));
                configs.add(n, graph(), target.id(), rule, prescriptions);
                targetRules.put(n.name(), rule);
            }
        }
        facts.add(Fact.RULES_APPLIED);
    }

    private QuantizationConfigs.Prescriptions prescriptions() {
        Registry registry = task.target().registry();
        Map<TensorRule, Optional<QuantizationParameters>> prescribed = new HashMap<>();
        return r -> prescribed.computeIfAbsent(r, k -> registry.prescribed(k.observer(), k.scheme()));
    }

    private void applyUserRules(Step.ApplyUserRules step) {
        UserRules.Outcome outcome = UserRules.apply(
                step.rules(),
                new UserRules.Situation(
                        graph(),
                        targetRules,
                        task.target().target(),
                        task.target().registry()));
        QuantizationConfigs.Prescriptions prescriptions = prescriptions();
        graph().nodes()
                .forEach(n -> Optional.ofNullable(outcome.nodes().get(n.name()))
                        .ifPresent(o -> configs.overrule(n, o.passive(), o.slots(), prescriptions, journal)));
        problems.addAll(outcome.problems());
        hits = outcome.hits();
    }

    private void freeze() {
        List<String> unsettled = Invariants.check(configs, EnumSet.of(Fact.EXPORTABLE));
        if (!unsettled.isEmpty()) {
            String left = "the plan ends with configs that cannot be exported: " + String.join("; ", unsettled);
            List<String> off = task.target().switchedOff();
            throw off.isEmpty()
                    ? new PluginException(PlanProblems.UNSETTLED, left, "plan")
                    : new UserException(
                            PlanProblems.UNSETTLED,
                            left + "; a pass that was switched off is needed: " + String.join(", ", off),
                            "--set");
        }
        facts.add(Fact.EXPORTABLE);
        BranchQuantization.Outcome outcome = BranchQuantization.apply(graph(), task.target());
        branches = outcome.branches();
        branches.forEach(b -> journal.append(b.result().journal()));
        problems.addAll(outcome.problems());
    }

    private PassView view(Step.RunPass step) {
        return new DefaultPassView(
                step,
                graph(),
                configs,
                task.target().registry(),
                setting.samples().size() > 0);
    }

    /** What the pass wants to see, if anything. */
    private Optional<FloatObservations.Request> request(Step.RunPass step) {
        PassDescriptor d = step.pass().descriptor();
        if (!facts.containsAll(d.requires())) {
            throw new UserException(
                    PlanProblems.REQUIREMENT_LOST,
                    "pass '" + d.id() + "' requires " + d.requires() + "; true so far: " + facts,
                    d.id());
        }
        int revision = graph().revision();
        List<Observation<Sketch>> observations = new ArrayList<>();
        blaming(step, () -> step.pass().pass().observes(view(step)).forEach(o -> observations.add(checked(step, o))));
        refuseUndeclaredEdit(step, revision, false);
        if (observations.isEmpty()) {
            return Optional.empty();
        }
        FloatObservations.Request request =
                new FloatObservations.Request(step.id(), graph(), observations, isLookedBehind(step));
        Optional<Observation<Sketch>> lacking = setting.floats().lacking(request);
        if (lacking.isEmpty()) {
            return Optional.of(request);
        }
        if (!setting.floats().isKnown()) {
            throw new UserException(
                    DataProblems.NEEDED,
                    "pass '" + step.id() + "' needs calibration data for "
                            + observations.stream()
                                    .map(Observation::value)
                                    .distinct()
                                    .count()
                            + " tensors, such as '" + observations.get(0).value() + "'; give it with --calibration",
                    "");
        }
        leaveOut(step, lacking.get());
        return Optional.empty();
    }

    /**
     * Where statistics lack what a pass asks for, the model goes without the pass if it is one that only improves it.
     */
    private void leaveOut(Step.RunPass step, Observation<Sketch> lacking) {
        String sentence = "pass '" + step.id() + "' asks for '" + lacking.kept() + "' of '" + lacking.value()
                + "', which the statistics do not hold";
        if (!step.pass().descriptor().establishes().isEmpty()) {
            throw new UserException(
                    ObservationProblems.LACKING,
                    sentence + "; observe again for this target, with the same rules and options",
                    "--observations");
        }
        problems.add(Problem.warning(
                ObservationProblems.LEFT_OUT,
                sentence + "; it is left out",
                task.target().target().id()));
        leftOut.add(step);
    }

    /** The pass changes the network by what it saw, and a later one looks at the changed network. */
    private boolean isLookedBehind(Step.RunPass step) {
        return step.pass().descriptor().editsGraph()
                && task.target().plan().steps().stream().skip(done.size() + 1L).anyMatch(Step::looksAtData);
    }

    private static Observation<Sketch> checked(Step.RunPass step, Observation<? extends Sketch> o) {
        if (!step.looksAtData()) {
            throw new PluginException(
                    PipelineProblems.SAMPLES_UNDECLARED,
                    "pass '" + step.id() + "' asked for samples without declaring the need",
                    step.plugin());
        }
        if (o.kept().isEmpty()) {
            throw new PluginException(
                    PipelineProblems.OBSERVES_UNNAMED,
                    "pass '" + step.id() + "' wants to observe '" + o.value() + "' under no name",
                    step.plugin());
        }
        return new Observation<>(o.value(), o.kept(), o.samples(), o.sketch());
    }

    private void refuseWithoutSamples(String pass) {
        if (setting.samples().size() == 0) {
            throw new UserException(
                    DataProblems.NEEDED, "pass '" + pass + "' needs calibration data; give it with --calibration", "");
        }
    }

    private void run(Step.RunPass step) {
        PassDescriptor d = step.pass().descriptor();
        int revision = graph().revision();
        int before = problems.size();
        asked.ifPresent(r -> ranges.putAll(setting.floats().ranges(r.graph())));
        int baked;
        try (CalibrationSimulator simulator = new CalibrationSimulator(
                        d.id(), graph(), configs, () -> journal.entries().size(), setting);
                StateMachine control = new StateMachine(configs, graph(), journal, d.id(), step.plugin(), d.verbs())) {
            Supplier<Simulator> data = () -> {
                refuseWithoutSamples(d.id());
                return simulator;
            };
            Supplier<Differentiator> gradients = () -> {
                refuseWithoutSamples(d.id());
                return new BlockWalk(
                        graph(),
                        Objects.requireNonNull(floatGraph, "a pass over the data comes behind the step place"),
                        configs,
                        setting.samples(),
                        setting.workers(),
                        (at, of) -> setting.progress().at(d.id(), at, of));
            };
            blaming(
                    step,
                    () -> step.pass()
                            .pass()
                            .run(new DefaultPassContext(
                                    step,
                                    view(step),
                                    control,
                                    asked.map(setting.floats()::sketches).orElse(Map.of()),
                                    setting.floats()::key,
                                    new DefaultPassContext.Runs(data, gradients),
                                    problems::add)));
            baked = control.bakedRevisions();
        }
        refuseUndeclaredEdit(step, revision + baked, d.editsGraph());
        facts.removeAll(d.invalidates());
        facts.addAll(d.establishes());
        List<Problem> errors = problems.subList(before, problems.size()).stream()
                .filter(p -> p.severity() == Problem.Severity.ERROR)
                .toList();
        if (!errors.isEmpty()) {
            throw new UserException(errors, null);
        }
        if (d.editsGraph()
                && graph().nodes().stream()
                        .anyMatch(n -> graph().valueInfo(n.output(0)).isEmpty())) {
            ShapeInference.infer(graph(), d.id());
        }
    }

    /** Whatever a plugin throws, but for what says itself whose fault it is, is the plugin's fault. */
    private static void blaming(Step.RunPass step, Runnable call) {
        try {
            call.run();
        } catch (DetentException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw new PluginException(
                    List.of(Problem.error(
                            PipelineProblems.PASS_FAILED, "pass '" + step.id() + "' failed: " + e, step.plugin())),
                    e);
        }
    }

    private void refuseUndeclaredEdit(Step.RunPass step, int revision, boolean declared) {
        if (graph().revision() != revision && !declared) {
            throw new PluginException(
                    PipelineProblems.EDITED_UNDECLARED,
                    "pass '" + step.id() + "' changed the graph without declaring it",
                    step.plugin());
        }
    }
}
