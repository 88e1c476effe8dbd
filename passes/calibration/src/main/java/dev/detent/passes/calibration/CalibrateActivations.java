package dev.detent.passes.calibration;

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
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.spi.run.Simulator.Trial;
import dev.detent.support.bias.BiasCorrection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Calibrates every waiting activation in one pass over the data. A tensor read at several slots is observed once per
 * scheme. Rivals are asked too, on fewer samples, and one of them stays where it leaves a clearly smaller error at the
 * model's outputs: no single rule of clipping is best for every network (mobilenetv2 wants percentiles, squeezenet the
 * least squared error, what gives spectra or waves neither).
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
            "rival",
            "",
            "other observers, comma-separated; one of them stays where it leaves a clearly smaller error at the outputs");
    private static final Option<Integer> RIVAL_SAMPLES = Option.integer(
                    "rival-samples", 32, "samples the other observers see")
            .atLeast(1);
    private static final Option<Integer> TRIAL_SAMPLES =
            Option.integer("trial-samples", 16, "samples they are compared on").atLeast(1);

    private static final Option<Boolean> USEFUL = Option.flag(
            "useful-range",
            false,
            "look no further than where everything that reads a tensor saturates (SiLU, sigmoid, hard swish and the like)");

    private static final Option<Boolean> CORRECTED = Option.flag(
            "corrected-biases", false, "compare observers as if biases were corrected, which a later pass does");

    /** Shown everything, it cuts nothing off. */
    private static final String COVERS_ALL = "minmax";

    /** The trial is short: a rival that wins by less may have been lucky. */
    private static final double CLEARLY = 0.8;

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("calibration", "calibrates activations in one pass over the samples")
                    .requires(Fact.PARAMETERS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .establishes(Fact.ACTIVATIONS_CALIBRATED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .asks(Transition.CALIBRATE, Transition.KEEP_FLOAT)
                    .needs(PassRequirement.SAMPLES)
                    .options(METHOD, NETWORK, RIVAL, RIVAL_SAMPLES, TRIAL_SAMPLES, USEFUL, CORRECTED)
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
        return view.hasSamples() && view.options().get(CORRECTED) && !view.options().get(RIVAL).isEmpty();
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
                .forEach(r -> candidates.add(
                        new ObserverChoice(r, view.options().get(RIVAL_SAMPLES), useful && !r.equals(COVERS_ALL))));
        return candidates;
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
        Candidate chosen = chosen(context, candidates);
        for (TensorQuantization c : waiting) {
            context.states()
                    .calibrate(
                            c,
                            Objects.requireNonNull(chosen.parameters().get(c)),
                            ObserverChoice.observer(chosen.choice().method(), c) + " over the calibration samples");
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

    /** The first candidate, or the best of its rivals where that leaves a clearly smaller error at the outputs. */
    private static Candidate chosen(PassContext context, List<Candidate> candidates) {
        Candidate first = candidates.get(0);
        if (candidates.size() == 1 || first.parameters().isEmpty()) {
            return first;
        }
        if (candidates.stream().allMatch(c -> c.parameters().equals(first.parameters()))) {
            return first;
        }
        int samples = context.options().get(TRIAL_SAMPLES);
        Trial trial = isCorrected(context)
                ? Trial.NONE.withInitializers(
                        BiasCorrection.of(context, BiasCorrection.SAMPLES).biases(weight -> true))
                : Trial.NONE;
        List<String> figures = new ArrayList<>();
        Candidate chosen = first;
        double least = Double.POSITIVE_INFINITY;
        for (Candidate c : candidates) {
            double error = context.simulator().outputError(trial.with(c.parameters()), samples);
            figures.add(
                    String.format(Locale.ROOT, "%.3g with %s", error, c.choice().name()));
            if (c == first) {
                least = CLEARLY * error;
            } else if (error < least) {
                least = error;
                chosen = c;
            }
        }
        context.report(Problem.note(
                CalibrationProblems.OBSERVER_CHOSEN, "output error " + String.join(", ", figures), "calibration"));
        return chosen;
    }

    /** Parameters for every waiting config from one choice of observers. */
    private record Candidate(ObserverChoice choice, Map<TensorQuantization, QuantizationParameters> parameters) {}
}
