package dev.detent.passes.refinement;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.kernel.IntegerIslands;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Looks whether the quantized network still gives what the float one does, on a few samples, and takes back to float
 * what ruins it. A spectrum that is squared and goes into a logarithm, or the statistics of a norm, need a range that 8
 * bits do not have; which tensors these are the outputs tell. Most networks pass with one look.
 */
final class FloatFallback {

    private static final Option<Double> LEAST =
            Option.number("least", 18, "decibels that the outputs must keep; nothing is taken back where they do");
    private static final Option<Double> GOAL =
            Option.number("goal", 23, "decibels to come to where they do not keep the least");
    private static final Option<Integer> SAMPLES =
            Option.integer("samples", 4, "samples to look at").atLeast(1);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("float-fallback", "takes back to float the tensors that ruin the outputs")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.PASSIVES_DERIVED, Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .after("alignment", "what is judged are the final scales")
                    .before("bias-room", "a weight that stays float needs no room")
                    .asks(Transition.RECALIBRATE, Transition.KEEP_FLOAT, Transition.DEACTIVATE)
                    .needs(PassRequirement.SAMPLES)
                    .options(LEAST, GOAL, SAMPLES, KeepIslands.KERNELS, KeepIslands.PREFER)
                    .build(),
            context -> new FloatFallback(context).run());

    /** What alone leaves less than this share of the error that is allowed is no culprit. */
    private static final double SHARE = 0.1;

    /** Taking something back must at least halve the error, or it costs speed for little. */
    private static final double WORTH = 0.5;

    /** Each is a run over the samples: half of them for weights, where they are to blame, the rest for activations. */
    private static final int MOST_LOOKS = 48;

    /** Errors do not quite add up: the first choice may be too short, and grows by a quarter so often. */
    private static final int MOST_CHOICES = 5;

    /** Roots that follow each other in the network, and the error that they leave when they alone are quantized. */
    private record Part(List<TensorQuantization> roots, double error) {
        double density() {
            return error / roots.size();
        }
    }

    private final PassContext context;
    private final int samples;
    private final double allowed;

    private FloatFallback(PassContext context) {
        this.context = context;
        this.samples = context.options().get(SAMPLES);
        this.allowed = error(context.options().get(GOAL));
    }

    private static double error(double decibels) {
        return Math.pow(10, -decibels / 10);
    }

    private void run() {
        List<TensorQuantization> activations = roots(false);
        if (activations.isEmpty()) {
            return;
        }
        double before = error(Set.of());
        double least = error(context.options().get(LEAST));
        if (before <= least) {
            return;
        }
        Set<TensorQuantization> floats = new LinkedHashSet<>();
        // What has no integer work to do once others are float, with the reason.
        Map<TensorQuantization, String> idle = new LinkedHashMap<>();
        double byWeights = error(Set.copyOf(activations));
        if (!(byWeights <= allowed)) {
            floats.addAll(chosen(roots(true), Set.copyOf(activations), 0));
            idle.putAll(idle(floats));
            floats.addAll(idle.keySet());
        }
        double now = error(floats);
        if (!(now <= allowed)) {
            floats.addAll(chosen(activations, floats, Math.min(byWeights, allowed)));
            idle.putAll(idle(floats));
            floats.addAll(idle.keySet());
            now = error(floats);
        }
        if (Double.isInfinite(now)) {
            // NaN or infinity at the outputs: the float network's own, or told when the run is scored.
            return;
        }
        boolean worth = !floats.isEmpty() && now <= WORTH * before;
        if (worth) {
            takeBack(floats, idle, before, now);
        }
        Set<TensorQuantization> blamed = new LinkedHashSet<>(floats);
        blamed.removeAll(idle.keySet());
        report(blamed, before, now, worth, byWeights);
    }

    /** Configs whose parameters nobody else quantizes with, in the order of the network. */
    private List<TensorQuantization> roots(boolean initializers) {
        Set<TensorQuantization> led = new LinkedHashSet<>();
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().isFollower()) {
                led.add(c.root());
            }
        }
        List<TensorQuantization> roots = new ArrayList<>();
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().isCalibrated()
                    && c.isOwnRoot()
                    && c.isInitializer() == initializers
                    && !c.isFixed()
                    && !led.contains(c)) {
                roots.add(c);
            }
        }
        return roots;
    }

    private double error(Set<TensorQuantization> floats) {
        return context.simulator().outputErrorWithout(floats, samples);
    }

    /**
     * So many of the worst roots as must be float for the goal.
     *
     * @param floats what is float besides
     * @param unavoidable the error that stays when all of the roots are float
     */
    private Set<TensorQuantization> chosen(
            List<TensorQuantization> roots, Set<TensorQuantization> floats, double unavoidable) {
        List<Part> parts =
                parts(roots.stream().filter(c -> !floats.contains(c)).toList(), floats, unavoidable + SHARE * allowed);
        Set<TensorQuantization> chosen = new LinkedHashSet<>();
        double left = parts.stream().mapToDouble(p -> p.error() - unavoidable).sum();
        int choices = 0;
        int next = 0;
        while (next < parts.size()) {
            int from = next;
            while (next < parts.size() && (next == from || left > allowed / 2 || next - from < parts.size() / 4)) {
                chosen.addAll(parts.get(next).roots());
                left -= parts.get(next).error() - unavoidable;
                next++;
            }
            Set<TensorQuantization> all = new LinkedHashSet<>(floats);
            all.addAll(chosen);
            if (++choices == MOST_CHOICES || error(all) <= allowed) {
                break;
            }
        }
        return chosen;
    }

    /**
     * The parts of the network to blame, the worst for their size first. Always the worst is halved, until all are
     * single roots or enough was looked at; what leaves a tolerable error as a whole is in order.
     */
    private List<Part> parts(List<TensorQuantization> roots, Set<TensorQuantization> floats, double tolerated) {
        List<Part> whole = new ArrayList<>();
        PriorityQueue<Part> open =
                new PriorityQueue<>(Comparator.comparingDouble(Part::error).reversed());
        open.add(new Part(roots, Double.POSITIVE_INFINITY));
        int looks = 0;
        while (!open.isEmpty()) {
            Part worst = open.remove();
            if (worst.roots().size() < 2 || looks >= MOST_LOOKS / 2) {
                whole.add(worst);
                continue;
            }
            int half = worst.roots().size() / 2;
            for (List<TensorQuantization> part : List.of(
                    worst.roots().subList(0, half),
                    worst.roots().subList(half, worst.roots().size()))) {
                Set<TensorQuantization> others = new LinkedHashSet<>(floats);
                others.addAll(roots);
                part.forEach(others::remove);
                double alone = error(others);
                looks++;
                if (!(alone <= tolerated)) {
                    open.add(new Part(part, alone));
                }
            }
        }
        whole.removeIf(p -> p.roots().isEmpty() || Double.isInfinite(p.error()) && roots.size() > 1);
        whole.sort(Comparator.comparingDouble(Part::density).reversed());
        return whole;
    }

    private Map<TensorQuantization, String> idle(Set<TensorQuantization> floats) {
        return KeepIslands.table(context)
                .map(t -> IntegerIslands.idle(
                        context.graph(), context.quantization(), t, KeepIslands.prefer(context), floats))
                .orElse(Map.of());
    }

    private void takeBack(
            Set<TensorQuantization> floats, Map<TensorQuantization, String> idle, double before, double now) {
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

    private void report(Set<TensorQuantization> floats, double before, double now, boolean worth, double byWeights) {
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

    private static double decibels(double error) {
        return error == 0 ? 99 : -10 * Math.log10(error);
    }
}
