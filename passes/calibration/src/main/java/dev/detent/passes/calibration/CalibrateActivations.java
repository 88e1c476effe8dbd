package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Calibrates every waiting activation in one pass over the data. A tensor read at several slots is observed once per
 * scheme. With a rival, a second observer is asked too, on fewer samples, and stays where it leaves a clearly smaller
 * error at the model's outputs: no single rule of clipping is best for every network (mobilenetv2 wants percentiles,
 * squeezenet the least squared error).
 */
final class CalibrateActivations {

    private static final Option<String> METHOD =
            Option.text("method", "", "observer for every activation instead of the rules' choice");
    private static final Option<String> NETWORK = Option.choice(
            "network",
            "float",
            List.of("float", "simulated"),
            "what is observed: the float network, or the one with quantized parameters, as in PPQ");
    private static final Option<String> RIVAL = Option.text(
            "rival", "", "second observer; it stays where it leaves a clearly smaller error at the outputs");
    private static final Option<Integer> RIVAL_SAMPLES = Option.integer(
                    "rival-samples", 32, "samples the second observer sees")
            .atLeast(1);
    private static final Option<Integer> TRIAL_SAMPLES = Option.integer(
                    "trial-samples", 16, "samples the two are compared on")
            .atLeast(1);

    private static final Option<Boolean> USEFUL = Option.flag(
            "useful-range",
            false,
            "look no further than where everything that reads a tensor saturates (SiLU, sigmoid, hard swish and the like)");

    /** The trial is short: a rival that wins by less may have been lucky. */
    private static final double CLEARLY = 0.8;

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("calibration", "calibrates activations in one pass over the samples")
                    .requires(Fact.PARAMETERS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .establishes(Fact.ACTIVATIONS_CALIBRATED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .asks(Transition.CALIBRATE, Transition.RECALIBRATE, Transition.KEEP_FLOAT)
                    .needs(PassRequirement.SAMPLES)
                    .options(METHOD, NETWORK, RIVAL, RIVAL_SAMPLES, TRIAL_SAMPLES, USEFUL)
                    .build(),
            context -> new CalibrateActivations(context).run());

    private record Key(String value, String observer, Scheme scheme) {}

    private final PassContext context;
    private final List<TensorQuantization> waiting = new ArrayList<>();

    private CalibrateActivations(PassContext context) {
        this.context = context;
    }

    private void run() {
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().awaitsCalibration() && !context.graph().isFloat(c.value())) {
                context.states()
                        .keepFloat(c, c.value().isEmpty() ? "an absent optional input" : "not a floating-point tensor");
            } else if (c.state().awaitsCalibration()) {
                waiting.add(c);
            }
        }
        String method = context.options().get(METHOD);
        String rival = context.options().get(RIVAL);
        List<Candidate> candidates = new ArrayList<>(List.of(new Candidate(method, Integer.MAX_VALUE)));
        if (!rival.isEmpty() && !rival.equals(method)) {
            candidates.add(new Candidate(rival, context.options().get(RIVAL_SAMPLES)));
        }
        observe(candidates);
        Candidate chosen = candidates.get(0);
        if (candidates.size() > 1 && !waiting.isEmpty()) {
            Candidate other = candidates.get(1);
            double error = error(chosen);
            double rivalError = error(other);
            context.report(Problem.note(
                    "DT-CAL-001",
                    String.format(
                            Locale.ROOT,
                            "output error %.3g with %s, %.3g with %s",
                            error,
                            chosen.name(),
                            rivalError,
                            other.name()),
                    "calibration"));
            if (rivalError < CLEARLY * error) {
                chosen = other;
            }
        }
        for (TensorQuantization c : waiting) {
            context.states()
                    .calibrate(c, chosen.parameters.get(c), chosen.observer(c) + " over the calibration samples");
        }
    }

    private double error(Candidate candidate) {
        String reason = "trial of " + candidate.name();
        waiting.forEach(c -> context.states().calibrate(c, candidate.parameters.get(c), reason));
        double error = context.simulator().outputError(context.options().get(TRIAL_SAMPLES));
        waiting.forEach(c -> context.states().recalibrate(c, reason));
        return error;
    }

    /** One pass over the data for all candidates. */
    private void observe(List<Candidate> candidates) {
        List<Simulator.Observation<Observer>> observations = new ArrayList<>();
        candidates.forEach(c -> observations.addAll(c.observations()));
        if (observations.isEmpty()) {
            return;
        }
        Simulator simulator = context.simulator();
        List<Observer> observed = context.options().get(NETWORK).equals("float")
                ? simulator.observeFloat(observations, Integer.MAX_VALUE)
                : simulator.observe(observations, Integer.MAX_VALUE);
        int from = 0;
        for (Candidate c : candidates) {
            int to = from + c.observed.size();
            c.render(observed.subList(from, to));
            from = to;
        }
    }

    /** Parameters for every waiting config from one choice of observers. */
    private final class Candidate {
        private final String method;
        private final int samples;
        private final Map<Key, List<TensorQuantization>> observed = new LinkedHashMap<>();
        private final Map<TensorQuantization, QuantizationParameters> parameters = new LinkedHashMap<>();

        /**
         * @param method observer for every config; empty for the rules' choice
         * @param samples how many it sees
         */
        Candidate(String method, int samples) {
            this.method = method;
            this.samples = samples;
            waiting.forEach(
                    c -> observed.computeIfAbsent(new Key(c.value(), observer(c), c.scheme()), k -> new ArrayList<>())
                            .add(c));
            for (Key k : List.copyOf(observed.keySet())) {
                Observer observer = context.observers().create(k.observer(), k.scheme());
                if (!observer.needsData()) {
                    QuantizationParameters fixed = observer.render(k.scheme());
                    observed.remove(k).forEach(c -> parameters.put(c, fixed));
                }
            }
        }

        String name() {
            return method.isEmpty() ? "the rules' observers" : method;
        }

        /** What the target prescribes is no matter of choice. */
        String observer(TensorQuantization c) {
            return method.isEmpty() || c.isFixed() ? c.observer() : method;
        }

        List<Simulator.Observation<Observer>> observations() {
            return observed.keySet().stream()
                    .map(k -> {
                        ConsumerSaturationRange range = context.options().get(USEFUL)
                                ? ConsumerSaturationRange.of(
                                        context.graph(), k.value(), k.scheme().bits())
                                : ConsumerSaturationRange.ALL;
                        return new Simulator.Observation<>(
                                k.value(),
                                k.observer() + k.scheme().axis() + range,
                                samples,
                                () -> ClampingObserver.of(context.observers().create(k.observer(), k.scheme()), range));
                    })
                    .toList();
        }

        /**
         * Takes what the observers saw, in the order of the observations; a range without end leaves its configs float.
         */
        void render(List<Observer> observers) {
            List<Key> keys = List.copyOf(observed.keySet());
            List<Optional<QuantizationParameters>> rendered = IntStream.range(0, keys.size())
                    .parallel()
                    .mapToObj(i ->
                            FiniteRange.render(observers.get(i), keys.get(i).scheme()))
                    .toList();
            for (int i = 0; i < keys.size(); i++) {
                List<TensorQuantization> configs = observed.get(keys.get(i));
                rendered.get(i)
                        .ifPresentOrElse(
                                p -> configs.forEach(c -> parameters.put(c, p)),
                                () -> configs.stream()
                                        .filter(waiting::remove)
                                        .forEach(c -> context.states().keepFloat(c, FiniteRange.WITHOUT_END)));
            }
        }
    }
}
