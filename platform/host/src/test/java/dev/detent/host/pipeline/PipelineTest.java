package dev.detent.host.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.evaluate.NoiseSamples;
import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.plan.Step;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.spi.run.Simulator.Trial;
import dev.detent.support.number.LinearInteger;
import dev.detent.testkit.SampleGraphs;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Looks at the data, trials and listeners, with passes that do little else. */
class PipelineTest {

    private static final int SAMPLES = 3;

    private static final Graph MODEL = model();

    private static Graph model() {
        Graph graph = SampleGraphs.all().get("conv-relu").copy();
        GraphNormalizer.normalize(graph, "test");
        return graph;
    }

    /** Counts batches. */
    private static final class Counter implements Sketch {
        private int batches;

        @Override
        public void begin(long[] shape) {
            batches++;
        }

        @Override
        public void accept(float[] values, int from, int to) {}

        @Override
        public void merge(Sketch other) {
            batches += ((Counter) other).batches;
        }
    }

    /** Renders a scale of 1 whatever it saw. */
    private static final class Unit implements Observer {
        @Override
        public void begin(long[] shape) {}

        @Override
        public void accept(float[] values, int from, int to) {}

        @Override
        public void merge(Sketch other) {}

        @Override
        public QuantizationParameters render(Scheme scheme) {
            return QuantizationParameters.of(1, 0);
        }
    }

    /** Observes every node's output and keeps the sketches it gets. */
    private static class Watcher implements Pass {
        final List<Counter> seen = new ArrayList<>();

        Observation<Counter> observation(Node n) {
            return new Observation<>(n.output(0), "count", Counter::new);
        }

        @Override
        public List<Observation<Counter>> observes(PassView view) {
            return view.graph().nodes().stream().map(this::observation).toList();
        }

        @Override
        public void run(PassContext context) {
            context.graph()
                    .nodes()
                    .forEach(n -> seen.add(context.observed(observation(n)).orElseThrow()));
        }
    }

    private static PassDescriptor.Builder watching(String id) {
        return PassDescriptor.of(id, "watches").requires(Fact.RULES_APPLIED).needs(PassRequirement.SAMPLES);
    }

    /** Everything is quantized; a config waits at every slot. */
    private record AllSlots(String id, InitialState state, List<String> passes) implements Target {
        @Override
        public String summary() {
            return id;
        }

        @Override
        public Rules rules() {
            return (n, g) ->
                    NodeRule.uniform(n, new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", state));
        }

        @Override
        public boolean supports(Node node, Graph graph) {
            return true;
        }

        @Override
        public QuantizationRecipe recipe(DefaultRecipes defaults) {
            Map<String, Map<String, Object>> chosen = new LinkedHashMap<>();
            passes.forEach(p -> chosen.put(p, Map.of()));
            return new QuantizationRecipe("all", chosen);
        }
    }

    private static Registry registry(Map<PassDescriptor, Pass> passes, Target... targets) {
        Dispatcher all = new Dispatcher() {
            @Override
            public String id() {
                return "all";
            }

            @Override
            public String summary() {
                return "quantizes all";
            }

            @Override
            public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
                Map<String, Placement> sides = new HashMap<>();
                graph.nodes().forEach(n -> sides.put(n.name(), Placement.QUANTIZED));
                return sides;
            }
        };
        PassProvider provider = () -> passes.entrySet().stream()
                .map(e -> new PassDefinition(e.getKey(), e.getValue()))
                .toList();
        DispatcherProvider dispatchers = () -> List.of(all);
        Backend backend = () -> List.of(targets);
        ObserverProvider observers = () -> List.of(new ObserverDefinition(
                "minmax", "what the rules name", List.of(), scheme -> true, (scheme, options) -> new Unit()));
        return Registry.of(Map.of("vendor 1", List.of(provider, dispatchers, backend, observers)));
    }

    /** Counts how often samples are loaded. */
    private static Samples counted(AtomicInteger loads) {
        Samples noise = new NoiseSamples(MODEL, SAMPLES);
        return new Samples() {
            @Override
            public int size() {
                return noise.size();
            }

            @Override
            public Sample get(int index) {
                loads.incrementAndGet();
                return noise.get(index);
            }
        };
    }

    private static Pipeline.Task task(Registry registry, String target) {
        return new Pipeline.Task(TargetPlan.of(registry, target, Settings.NONE), PipelineListener.NONE);
    }

    @Test
    void aTargetThatFailsCostsTheOthersNothing() {
        Watcher watcher = new Watcher();
        Pass broken = context -> {
            throw new IllegalStateException("broken");
        };
        Registry registry = registry(
                Map.of(
                        watching("watch").build(),
                        watcher,
                        PassDescriptor.of("broken", "throws")
                                .requires(Fact.RULES_APPLIED)
                                .build(),
                        broken),
                new AllSlots("one", InitialState.FP32, List.of("broken", "watch")),
                new AllSlots("two", InitialState.FP32, List.of("watch")));
        List<Pipeline.Attempt> attempts = new Pipeline(MODEL::copy, new NoiseSamples(MODEL, SAMPLES), 2, Progress.QUIET)
                .run(List.of(task(registry, "one"), task(registry, "two")));
        assertThatThrownBy(() -> attempts.get(0).result()).hasMessageContaining("broken");
        assertThat(attempts.get(1).result().steps()).hasSize(5);
        assertThat(watcher.seen).hasSize(MODEL.nodes().size());
    }

    @Test
    void oneLookAtTheDataServesAllTargets() {
        Watcher watcher = new Watcher();
        Registry registry = registry(
                Map.of(watching("watch").build(), watcher),
                new AllSlots("one", InitialState.FP32, List.of("watch")),
                new AllSlots("two", InitialState.FP32, List.of("watch")));
        AtomicInteger loads = new AtomicInteger();
        Pipeline pipeline = new Pipeline(MODEL::copy, counted(loads), 2, Progress.QUIET);
        pipeline.run(List.of(task(registry, "one"), task(registry, "two")));
        assertThat(loads).hasValue(SAMPLES);
        assertThat(pipeline.graphsObserved()).isEqualTo(1);
        assertThat(watcher.seen).hasSize(2 * MODEL.nodes().size()).allMatch(c -> c.batches == SAMPLES);
    }

    @Test
    void whatWasNotAskedForIsNotThere() {
        List<Boolean> found = new ArrayList<>();
        Pass pass = context -> found.add(context.observed(
                        new Watcher().observation(MODEL.nodes().iterator().next()))
                .isPresent());
        Registry registry = registry(
                Map.of(watching("watch").build(), pass), new AllSlots("one", InitialState.FP32, List.of("watch")));
        new Pipeline(MODEL::copy, new NoiseSamples(MODEL, SAMPLES), 1, Progress.QUIET)
                .run(List.of(task(registry, "one")));
        assertThat(found).containsExactly(false);
    }

    @Test
    void observingNeedsDataAndADeclarationAndAName() {
        Registry undeclared = registry(
                Map.of(
                        PassDescriptor.of("watch", "watches")
                                .requires(Fact.RULES_APPLIED)
                                .build(),
                        new Watcher()),
                new AllSlots("one", InitialState.FP32, List.of("watch")));
        assertThatThrownBy(() -> run(undeclared, new NoiseSamples(MODEL, 1)))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("DT-PAS-011");
        Registry unnamed = registry(
                Map.of(watching("watch").build(), new Watcher() {
                    @Override
                    Observation<Counter> observation(Node n) {
                        return new Observation<>(n.output(0), Counter::new);
                    }
                }),
                new AllSlots("one", InitialState.FP32, List.of("watch")));
        assertThatThrownBy(() -> run(unnamed, new NoiseSamples(MODEL, 1)))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("under no name");
        Registry fine = registry(
                Map.of(watching("watch").build(), new Watcher()),
                new AllSlots("one", InitialState.FP32, List.of("watch")));
        assertThatThrownBy(() -> run(fine, Pipeline.NO_SAMPLES))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("needs calibration data");
    }

    private static Pipeline.Result run(Registry registry, Samples samples) {
        return new Pipeline(MODEL::copy, samples, 1, Progress.QUIET).run(TargetPlan.of(registry, "one", Settings.NONE));
    }

    @Test
    void aTrialMovesNoConfigAndLeavesNoLineInTheJournal() {
        List<Double> errors = new ArrayList<>();
        List<QuantizationState> states = new ArrayList<>();
        Pass trial = context -> {
            List<TensorQuantization> waiting = new ArrayList<>();
            context.quantization().configs().stream()
                    .filter(c -> !c.isInitializer() && !c.value().isEmpty())
                    .forEach(waiting::add);
            for (float scale : new float[] {0.5f, 0.05f}) {
                Map<TensorQuantization, QuantizationParameters> parameters = new HashMap<>();
                waiting.forEach(c -> parameters.put(c, QuantizationParameters.of(scale, 0)));
                errors.add(context.simulator().outputError(Trial.NONE.with(parameters), SAMPLES));
                waiting.forEach(c -> states.add(c.state()));
            }
            errors.add(context.simulator().outputError(Trial.NONE, SAMPLES));
            context.quantization().configs().forEach(c -> context.states().keepFloat(c, "done"));
        };
        Registry registry = registry(
                Map.of(watching("trial").asks(Transition.KEEP_FLOAT).build(), trial),
                new AllSlots("one", InitialState.INITIAL, List.of("trial")));
        Pipeline.Result result = run(registry, new NoiseSamples(MODEL, SAMPLES));
        assertThat(errors.get(0)).as("a coarse grid").isGreaterThan(errors.get(1));
        assertThat(errors.get(1)).isPositive();
        assertThat(errors.get(2)).as("nothing quantized").isZero();
        assertThat(states).containsOnly(QuantizationState.INITIAL);
        assertThat(result.journal().entries()).allMatch(e -> e.verb() == Transition.KEEP_FLOAT);
    }

    @Test
    void aListenerHearsOfEveryStepAndTheJournalKnowsThem() {
        Registry registry = registry(
                Map.of(watching("watch").build(), new Watcher()),
                new AllSlots("one", InitialState.FP32, List.of("watch")));
        List<String> heard = new ArrayList<>();
        PipelineListener listener =
                (step, model) -> heard.add(step.id() + " " + model.placements().size() + " "
                        + model.quantization().configs().isEmpty());
        Pipeline.Result result = new Pipeline(MODEL::copy, new NoiseSamples(MODEL, 1), 1, Progress.QUIET)
                .run(List.of(new Pipeline.Task(TargetPlan.of(registry, "one", Settings.NONE), listener)))
                .get(0)
                .result();
        int nodes = MODEL.nodes().size();
        assertThat(heard)
                .containsExactly(
                        "normalize 0 true",
                        "place " + nodes + " true",
                        "rules " + nodes + " false",
                        "watch " + nodes + " false",
                        "freeze " + nodes + " false");
        assertThat(result.steps())
                .extracting(d -> d.step().id())
                .containsExactly("normalize", "place", "rules", "watch", "freeze");
        assertThat(result.steps()).extracting(Pipeline.DoneStep::step).last().isInstanceOf(Step.Freeze.class);
    }

    @Test
    void aPlanThatEndsUnsettledIsNotFrozen() {
        Registry registry = registry(Map.of(), new AllSlots("one", InitialState.INITIAL, List.of()));
        assertThatThrownBy(() -> run(registry, Pipeline.NO_SAMPLES))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("DT-PLN-005")
                .hasMessageContaining("every config is settled");
    }

    @Test
    void aPassThatBreaksAFactIsBlamed() {
        Pass liar = context -> {};
        Registry registry = registry(
                Map.of(
                        PassDescriptor.of("liar", "promises")
                                .requires(Fact.RULES_APPLIED)
                                .establishes(Fact.ACTIVATIONS_CALIBRATED)
                                .build(),
                        liar),
                new AllSlots("one", InitialState.INITIAL, List.of("liar")));
        assertThatThrownBy(() -> run(registry, Pipeline.NO_SAMPLES))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("after pass 'liar' 'no config is INITIAL' does not hold");
    }

    @Test
    void everyFactHasAnInvariant() {
        assertThat(FactInvariants.known()).isEqualTo(EnumSet.allOf(Fact.class));
    }
}
