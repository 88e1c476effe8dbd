package dev.detent.passes.refinement;

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
import dev.detent.support.bias.BiasCorrection;
import dev.detent.support.bias.ChannelMean;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks whether the quantized network still gives what the float one does, on a few samples, and takes back to float
 * what ruins it. A spectrum that is squared and goes into a logarithm, or the statistics of a norm, need a range that 8
 * bits do not have; which tensors these are the outputs tell. Most networks pass with one look. What float layers cost
 * in time counts: the most error for the least work goes first, and where the outputs are worth something as they are,
 * only a small part of the work is given up.
 */
final class FloatFallback implements Pass {

    private static final Option<Double> LEAST =
            Option.number("least", 18, "decibels that the outputs must keep; nothing is taken back where they do");
    private static final Option<Double> GOAL =
            Option.number("goal", 23, "decibels to come to where they do not keep the least");
    private static final Option<Integer> SAMPLES =
            Option.integer("samples", 4, "samples to look at").atLeast(1);

    private static final Option<Double> MOST = Option.number(
            "most",
            0.2,
            "share of the integer multiply-adds that may become float ones at most, but for outputs that are ruined");
    private static final Option<Double> RUINED =
            Option.number("ruined", 16, "decibels below which outputs are worth any time");
    private static final Option<Boolean> CORRECTED = Option.flag(
            "corrected-biases", false, "judge the outputs as if biases were corrected, which a later pass does");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("float-fallback", "takes back to float the tensors that ruin the outputs")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.PASSIVES_DERIVED, Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .after("alignment", "what is judged are the final scales")
                    .before("bias-room", "a weight that stays float needs no room")
                    .asks(Transition.RECALIBRATE, Transition.KEEP_FLOAT, Transition.DEACTIVATE)
                    .needs(PassRequirement.SAMPLES)
                    .options(LEAST, GOAL, SAMPLES, MOST, RUINED, CORRECTED, KeepIslands.KERNELS, KeepIslands.PREFER)
                    .build(),
            new FloatFallback());

    /** Taking something back must at least halve the error, or it costs speed for little. */
    private static final double WORTH = 0.5;

    private FloatFallback() {}

    @Override
    public List<Observation<ChannelMean>> observes(PassView view) {
        return view.options().get(CORRECTED) ? BiasCorrection.observations(view, BiasCorrection.SAMPLES) : List.of();
    }

    @Override
    public void run(PassContext context) {
        Optional<BiasCorrection> correction = context.options().get(CORRECTED)
                ? Optional.of(BiasCorrection.of(context, BiasCorrection.SAMPLES))
                : Optional.empty();
        FloatAblation outputs = new FloatAblation(context, context.options().get(SAMPLES), correction);
        Set<TensorQuantization> activations = outputs.roots(false);
        if (activations.isEmpty()) {
            return;
        }
        double before = outputs.error(Set.of());
        if (before <= error(context.options().get(LEAST))) {
            return;
        }
        double goal = error(context.options().get(GOAL));
        double share = before > error(context.options().get(RUINED))
                ? 1
                : context.options().get(MOST);
        CostliestParts parts = new CostliestParts(outputs, goal, new IntegerWork(context, share));
        Set<TensorQuantization> floats = new LinkedHashSet<>();
        // What has no integer work to do once others are float, with the reason.
        Map<TensorQuantization, String> idle = new LinkedHashMap<>();
        double byWeights = outputs.error(activations);
        if (!(byWeights <= goal)) {
            floats.addAll(parts.chosen(outputs.roots(true), activations, Set.of(), 0));
            idle.putAll(KeepIslands.idle(context, floats));
            floats.addAll(idle.keySet());
        }
        double now = outputs.error(floats);
        if (!(now <= goal)) {
            floats.addAll(parts.chosen(activations, floats, floats, Math.min(byWeights, goal)));
            idle.putAll(KeepIslands.idle(context, floats));
            floats.addAll(idle.keySet());
            now = outputs.error(floats);
        }
        if (Double.isInfinite(now)) {
            // NaN or infinity at the outputs: the float network's own, or told when the run is scored.
            return;
        }
        boolean worth = !floats.isEmpty() && now <= WORTH * before;
        if (worth) {
            takeBack(context, floats, idle, before, now);
        }
        Set<TensorQuantization> blamed = new LinkedHashSet<>(floats);
        blamed.removeAll(idle.keySet());
        report(context, blamed, before, now, worth, byWeights);
    }

    private static void takeBack(
            PassContext context,
            Set<TensorQuantization> floats,
            Map<TensorQuantization, String> idle,
            double before,
            double now) {
        String change = String.format(
                Locale.ROOT, "the outputs keep %.1f dB, %.1f with it in 8 bits", decibels(now), decibels(before));
        Map<TensorQuantization, String> all = new LinkedHashMap<>(idle);
        floats.forEach(c -> all.putIfAbsent(c, change));
        all.forEach((c, why) -> {
            if (c.state().isCalibrated() && !c.isInitializer()) {
                context.states().recalibrate(c, why);
                context.states().keepFloat(c, why);
            } else {
                context.states().deactivate(c, why);
            }
        });
    }

    private static void report(
            PassContext context,
            Set<TensorQuantization> floats,
            double before,
            double now,
            boolean worth,
            double byWeights) {
        int count = floats.size();
        if (worth) {
            context.report(Problem.note(
                    RefinementProblems.TAKEN_BACK,
                    String.format(
                            Locale.ROOT,
                            "%d tensors stay float, as 8 bits are too few for them: the outputs keep %.1f dB, %.1f with "
                                    + "all of them in 8 bits (--set float-fallback=off)",
                            count,
                            decibels(now),
                            decibels(before)),
                    floats.iterator().next().value()));
            return;
        }
        context.report(Problem.warning(
                RefinementProblems.NO_CURE,
                String.format(
                        Locale.ROOT,
                        "the outputs keep %.1f dB of the float network's, and %.1f with the worst %d tensors in float, "
                                + "which is not worth their time; with quantized weights alone they keep %.1f. "
                                + "Weight-only or dynamic quantization (--backend onnxruntime-int8w, "
                                + "onnxruntime-dynamic) or 16-bit activations (--backend qnn-ep16) keep more",
                        decibels(before),
                        decibels(now),
                        count,
                        decibels(byWeights)),
                "float-fallback"));
    }

    private static double error(double decibels) {
        return Math.pow(10, -decibels / 10);
    }

    private static double decibels(double error) {
        return error == 0 ? 99 : -10 * Math.log10(error);
    }
}
