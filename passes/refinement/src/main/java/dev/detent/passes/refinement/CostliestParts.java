package dev.detent.passes.refinement;

import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Finds the configs that cost the outputs most: the network is halved, and halved again where a half alone leaves an
 * error that is not tolerable.
 */
final class CostliestParts {

    /** What alone leaves less than this share of the error that is allowed is no culprit. */
    private static final double SHARE = 0.1;

    /** Each is a run over the samples. */
    private static final int MOST_LOOKS = 24;

    /** Errors do not quite add up: the first choice may be too short, and grows by a quarter so often. */
    private static final int MOST_CHOICES = 5;

    /** What work is worth that is next to nothing, so that of cheap parts the worse one goes first. */
    private static final double LITTLE_WORK = 0.01;

    /** Roots that follow each other in the network, and the error that they leave when they alone are quantized. */
    private record Part(List<TensorQuantization> roots, double error) {}

    /** How much error goes with a part for the work that becomes float, or its size where nothing is known of that. */
    private record Rated(Part part, double density) {}

    private final FloatAblation outputs;
    private final double allowed;
    private final IntegerWork work;

    /** @param allowed error that the outputs may have */
    CostliestParts(FloatAblation outputs, double allowed, IntegerWork work) {
        this.outputs = outputs;
        this.allowed = allowed;
        this.work = work;
    }

    /**
     * So many of the worst roots as must be float for the goal, and may be for the work they do.
     *
     * @param besides what is float while parts are compared
     * @param floats what is float in any case
     * @param unavoidable the error that stays when all of the roots are float
     */
    Set<TensorQuantization> chosen(
            Set<TensorQuantization> roots,
            Set<TensorQuantization> besides,
            Set<TensorQuantization> floats,
            double unavoidable) {
        List<Part> parts = parts(
                roots.stream().filter(c -> !besides.contains(c)).toList(), besides, unavoidable + SHARE * allowed);
        List<Part> ranked = ranked(parts, floats);
        Set<TensorQuantization> all = new LinkedHashSet<>(floats);
        double left = ranked.stream().mapToDouble(p -> p.error() - unavoidable).sum();
        int choices = 0;
        int since = 0;
        for (Part p : ranked) {
            Set<TensorQuantization> with = new LinkedHashSet<>(all);
            with.addAll(p.roots());
            if (!work.allows(with)) {
                continue;
            }
            all = with;
            left -= p.error() - unavoidable;
            since++;
            if (left <= allowed / 2 && since >= parts.size() / 4) {
                if (++choices == MOST_CHOICES || outputs.error(union(besides, all)) <= allowed) {
                    break;
                }
                since = 0;
            }
        }
        all.removeAll(floats);
        return all;
    }

    private List<Part> ranked(List<Part> parts, Set<TensorQuantization> floats) {
        double before = work.given(floats);
        return parts.stream()
                .map(p -> new Rated(
                        p,
                        p.error() / (p.roots().size() * (LITTLE_WORK + work.given(union(floats, p.roots())) - before))))
                .sorted(Comparator.comparingDouble(Rated::density).reversed())
                .map(Rated::part)
                .toList();
    }

    private static Set<TensorQuantization> union(
            Set<TensorQuantization> some, Iterable<? extends TensorQuantization> others) {
        Set<TensorQuantization> union = new LinkedHashSet<>(some);
        others.forEach(union::add);
        return union;
    }

    /** The parts to blame. Always the worst is halved, until all are single roots or enough was looked at. */
    private List<Part> parts(List<TensorQuantization> roots, Set<TensorQuantization> floats, double tolerated) {
        List<Part> whole = new ArrayList<>();
        PriorityQueue<Part> open =
                new PriorityQueue<>(Comparator.comparingDouble(Part::error).reversed());
        open.add(new Part(roots, Double.POSITIVE_INFINITY));
        int looks = 0;
        while (!open.isEmpty()) {
            Part worst = open.remove();
            if (worst.roots().size() < 2 || looks >= MOST_LOOKS) {
                whole.add(worst);
                continue;
            }
            int half = worst.roots().size() / 2;
            for (List<TensorQuantization> part : List.of(
                    worst.roots().subList(0, half),
                    worst.roots().subList(half, worst.roots().size()))) {
                Set<TensorQuantization> others = union(floats, roots);
                part.forEach(others::remove);
                double alone = outputs.error(others);
                looks++;
                if (!(alone <= tolerated)) {
                    open.add(new Part(part, alone));
                }
            }
        }
        whole.removeIf(p -> p.roots().isEmpty() || Double.isInfinite(p.error()) && roots.size() > 1);
        return whole;
    }
}
