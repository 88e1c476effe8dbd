package dev.detent.passes.calibration;

import dev.detent.passes.calibration.ObserverContest.Candidate;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.spi.run.Simulator.Trial;
import dev.detent.support.bias.BiasCorrection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Calibrates every waiting activation in one pass over the data. A tensor read at several slots is observed once per
 * scheme. Rivals are asked too, on fewer samples, and what they find stays where it leaves a smaller error at the
 * model's outputs ({@link ObserverContest}): no single rule of clipping is best for every network (mobilenetv2 wants
 * percentiles, squeezenet the least squared error, what gives spectra or waves neither).
 */
final class CalibrateActivations implements Pass {

    private static final Option<String> METHOD =
            Option.text("method", "", "observer for every activation instead of the rules' choice");
    private static final Option<String> NETWORK = Option.choice(
            "network",
            "float",
            List.of("float", "simulated"),
            "what is observed: the float network, or the one with quantized parameters, as in PPQ");
    private static final Option<String> RIVAL = Option.text(
            "rival", "", "other observers, comma-separated; they stay where they leave a smaller error at the outputs");
    private static final Option<Integer> RIVAL_SAMPLES = Option.integer(
                    "rival-samples", 32, "samples the other observers see")
            .atLeast(1);
    private static final Option<Integer> TRIAL_SAMPLES =
            Option.integer("trial-samples", 16, "samples they are compared on").atLeast(1);

    private static final Option<Integer> PARTS =
            Option.integer("parts", 0, "parts of the network that may each have another observer; 0: one for all");
    private static final Option<Boolean> USEFUL = Option.flag(
            "useful-range",
            false,
            "look no further than where everything that reads a tensor saturates (SiLU, sigmoid, hard swish), nor at what a Softmax turns into 0");

    private static final Option<Boolean> CORRECTED = Option.flag(
            "corrected-biases", false, "compare observers as if biases were corrected, which a later pass does");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("calibration", "calibrates activations in one pass over the samples")
                    .requires(Fact.PARAMETERS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .establishes(Fact.ACTIVATIONS_CALIBRATED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .asks(Transition.CALIBRATE, Transition.KEEP_FLOAT)
                    .needs(PassRequirement.SAMPLES)
                    .options(METHOD, NETWORK, RIVAL, RIVAL_SAMPLES, TRIAL_SAMPLES, PARTS, USEFUL, CORRECTED)
                    .build(),
            new CalibrateActivations());

    private CalibrateActivations() {}

    /** The simulated network is observed by {@link #run} itself: every target has another one. */
    @Override
    public List<Observation<? extends Sketch>> observes(PassView view) {
        if (!view.options().get(NETWORK).equals("float")) {
            return List.of();
        }
        List<TensorQuantization> waiting = waiting(view);
        List<Observation<? extends Sketch>> wanted = new ArrayList<>();
        candidates(view).forEach(c -> wanted.addAll(c.request(view, waiting).observations()));
        if (isCorrected(view)) {
            wanted.addAll(BiasCorrection.observations(view, BiasCorrection.SAMPLES));
        }
        return wanted;
    }

    private static boolean isCorrected(PassView view) {
        return view.hasSamples()
                && view.options().get(CORRECTED)
                && !view.options().get(RIVAL).isEmpty();
    }

    private static List<TensorQuantization> waiting(PassView view) {
        List<TensorQuantization> waiting = new ArrayList<>();
        for (TensorQuantization c : view.quantization().configs()) {
            if (c.state().awaitsCalibration() && view.graph().isFloat(c.value())) {
                waiting.add(c);
            }
        }
        return waiting;
    }

    /** The choice of observers, and the rival where there is one. */
    private static List<ObserverChoice> candidates(PassView view) {
        String method = view.options().get(METHOD);
        String rival = view.options().get(RIVAL);
        boolean useful = view.options().get(USEFUL);
        List<ObserverChoice> candidates =
                new ArrayList<>(List.of(new ObserverChoice(method, Integer.MAX_VALUE, useful)));
        // Which of them leaves less error shows on samples only.
        Option.list(view.hasSamples() ? rival : "").stream()
                .filter(r -> !r.equals(method))
                .forEach(r -> candidates.add(rival(view, r, useful)));
        return candidates;
    }

    /** What covers all is cheap, and worth little where it has not seen all. */
    private static ObserverChoice rival(PassView view, String method, boolean useful) {
        return method.equals(ObserverChoice.COVERS_ALL)
                ? new ObserverChoice(method, Integer.MAX_VALUE, false)
                : new ObserverChoice(method, view.options().get(RIVAL_SAMPLES), useful);
    }

    @Override
    public void run(PassContext context) {
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().awaitsCalibration() && !context.graph().isFloat(c.value())) {
                context.states()
                        .keepFloat(c, c.value().isEmpty() ? "an absent optional input" : "not a floating-point tensor");
            }
        }
        String rivals = context.options().get(RIVAL);
        if (!context.hasSamples() && !rivals.isEmpty()) {
            context.report(Problem.note(
                    CalibrationProblems.RIVALS_UNTRIED,
                    "calibrates with the rules' observers: whether " + rivals
                            + " leaves less error shows on samples only",
                    "calibration"));
        }
        List<TensorQuantization> waiting = waiting(context);
        List<Candidate> candidates = observed(context, waiting);
        for (TensorQuantization c : List.copyOf(waiting)) {
            if (candidates.stream().anyMatch(x -> !x.parameters().containsKey(c))) {
                context.states().keepFloat(c, FiniteRange.WITHOUT_END);
                waiting.remove(c);
                candidates.forEach(x -> x.parameters().remove(c));
            }
        }
        Map<TensorQuantization, Candidate> chosen = chosen(context, candidates);
        for (TensorQuantization c : waiting) {
            Candidate winner = Objects.requireNonNull(chosen.get(c));
            context.states()
                    .calibrate(
                            c,
                            ProducerRange.orObserved(
                                    context.graph(),
                                    c,
                                    Objects.requireNonNull(winner.parameters().get(c))),
                            ObserverChoice.observer(winner.choice().method(), c) + " over the calibration samples");
        }
    }

    private static List<Candidate> observed(PassContext context, List<TensorQuantization> waiting) {
        List<ObserverChoice.Request> requests = candidates(context).stream()
                .map(c -> c.request(context, waiting))
                .toList();
        List<Observation<Observer>> all =
                requests.stream().flatMap(r -> r.observations().stream()).toList();
        List<Observer> seen = all.isEmpty()
                ? List.of()
                : context.options().get(NETWORK).equals("float")
                        ? all.stream()
                                .map(o -> context.observed(o).orElseThrow())
                                .toList()
                        : context.simulator().observe(all);
        List<Candidate> candidates = new ArrayList<>();
        int from = 0;
        for (ObserverChoice.Request r : requests) {
            int to = from + r.observations().size();
            candidates.add(new Candidate(r.choice(), r.render(seen.subList(from, to))));
            from = to;
        }
        return candidates;
    }

    /** The only candidate, or the winners among several. */
    private static Map<TensorQuantization, Candidate> chosen(PassContext context, List<Candidate> candidates) {
        Candidate first = candidates.get(0);
        if (candidates.size() == 1 || first.parameters().isEmpty()) {
            Map<TensorQuantization, Candidate> all = new LinkedHashMap<>();
            first.parameters().keySet().forEach(c -> all.put(c, first));
            return all;
        }
        Trial trial = isCorrected(context)
                ? Trial.NONE.withInitializers(
                        BiasCorrection.of(context, BiasCorrection.SAMPLES).biases(weight -> true))
                : Trial.NONE;
        return new ObserverContest(
                        context,
                        trial,
                        context.options().get(TRIAL_SAMPLES),
                        context.options().get(PARTS))
                .winners(candidates);
    }
}
