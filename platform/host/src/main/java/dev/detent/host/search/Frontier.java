package dev.detent.host.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The mixes that no other mix beats on the lower convex hull of cost and noise: the linear relaxation of the
 * multiple-choice knapsack (Sinha and Zoltners, The Multiple-Choice Knapsack Problem, 1979). Each unit walks down the
 * hull of its own choices; the steps of all units in the order of noise taken away per cost are the hull of all mixes.
 * A mix on the hull has the least noise of all mixes that cost as much or less; G units with B choices take G B log(G
 * B).
 */
public final class Frontier {

    /** A step of one unit down its own hull. */
    private record Step(int unit, int to, double cost, double noise) {

        /** Noise taken away for a cost; a step that costs nothing comes first. */
        double gain() {
            return cost == 0 ? Double.POSITIVE_INFINITY : noise / cost;
        }
    }

    private Frontier() {}

    /**
     * The mixes from the cheapest to that with the least noise, each with one unit changed; costs rise and noise falls.
     * Steps that gain equally much are in the order of the units, so that the result is the same every time.
     */
    public static List<Mix> of(List<Unit> units) {
        List<Step> steps = new ArrayList<>();
        Mix mix = Mix.plain(units);
        for (int u = 0; u < units.size(); u++) {
            List<Integer> hull = hull(units.get(u).choices());
            mix = mix.with(u, hull.get(0));
            for (int i = 1; i < hull.size(); i++) {
                Choice from = units.get(u).choices().get(hull.get(i - 1));
                Choice to = units.get(u).choices().get(hull.get(i));
                steps.add(new Step(u, hull.get(i), to.cost() - from.cost(), from.noise() - to.noise()));
            }
        }
        // Stable: of one unit the steps keep their order, whose gains fall.
        steps.sort(Comparator.comparingDouble(Step::gain).reversed());
        List<Mix> mixes = new ArrayList<>(List.of(mix));
        for (Step s : steps) {
            mix = mix.with(s.unit(), s.to());
            mixes.add(mix);
        }
        return mixes;
    }

    /** Indices of the choices on the lower convex hull, by rising cost and falling noise. */
    private static List<Integer> hull(List<Choice> choices) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            order.add(i);
        }
        order.sort(Comparator.<Integer>comparingDouble(i -> choices.get(i).cost())
                .thenComparingDouble(i -> choices.get(i).noise())
                .thenComparingInt(i -> i));
        List<Integer> hull = new ArrayList<>();
        for (int i : order) {
            Choice c = choices.get(i);
            if (!hull.isEmpty() && choices.get(last(hull)).noise() <= c.noise()) {
                continue;
            }
            while (hull.size() >= 2 && isAbove(choices.get(hull.get(hull.size() - 2)), choices.get(last(hull)), c)) {
                hull.remove(hull.size() - 1);
            }
            hull.add(i);
        }
        return hull;
    }

    private static int last(List<Integer> hull) {
        return hull.get(hull.size() - 1);
    }

    /** The middle point lies on or above the line between the others: one does better with a mixture of these. */
    private static boolean isAbove(Choice left, Choice middle, Choice right) {
        return (left.noise() - middle.noise()) * (right.cost() - left.cost())
                <= (left.noise() - right.noise()) * (middle.cost() - left.cost());
    }
}
