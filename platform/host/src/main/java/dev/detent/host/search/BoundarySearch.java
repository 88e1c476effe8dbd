package dev.detent.host.search;

import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cheapest mix of a frontier that holds the goal, with few true evaluations: the noise that the goal allows
 * is guessed from what is predicted and what was measured, and the guess closes in from both sides. Afterwards it takes
 * back, one after the other, what the goal does not need. Noise is only predicted: where the mix predicted to have the
 * least misses the goal, everything as wide as it goes is tried as well. Deterministic; used by one thread.
 */
public final class BoundarySearch {

    /** Misses after which nothing more is taken back. */
    private static final int PATIENCE = 10;

    private final List<Unit> units;
    private final Function<Mix, Trial> evaluation;
    private final BooleanSupplier timeLeft;

    /**
     * @param evaluation the true evaluation of a mix; may be slow
     * @param timeLeft asked before every evaluation; when it says no, the best so far is the result
     */
    public BoundarySearch(List<Unit> units, Function<Mix, Trial> evaluation, BooleanSupplier timeLeft) {
        this.units = List.copyOf(units);
        this.evaluation = evaluation;
        this.timeLeft = timeLeft;
    }

    /**
     * The cheapest mix found that holds the goal.
     *
     * @param plain the evaluation of the plain mix, which misses the goal
     * @return empty when not even the widest mix holds it, or time ran out before one did
     */
    public Optional<Trial> run(Trial plain) {
        List<Mix> frontier = Frontier.of(units);
        int low = 0;
        int high = frontier.size() - 1;
        Trial below = plain;
        @Nullable Trial above = null;
        while (timeLeft.getAsBoolean() && (above == null ? low < high : high - low > 1)) {
            int at = guess(frontier, low, high, below, above);
            Trial tried = evaluation.apply(frontier.get(at));
            if (tried.holds()) {
                high = at;
                above = tried;
            } else {
                low = at;
                below = tried;
            }
        }
        if (above == null && timeLeft.getAsBoolean()) {
            Mix widest = Mix.widest(units);
            above = widest.equals(frontier.get(high)) ? null : evaluation.apply(widest);
        }
        return Optional.ofNullable(above).filter(Trial::holds).map(this::trimmed);
    }

    /**
     * The place on the frontier where the noise is what the goal allows. Damage goes with the root of noise, so between
     * a miss and a hit it is interpolated; where nothing has held yet, the noise must fall with the square of the
     * damage that is too much.
     */
    private int guess(List<Mix> frontier, int low, int high, Trial below, @Nullable Trial above) {
        double allowed;
        double noise = below.mix().noise(units);
        if (above == null) {
            double bearable = Math.max(0, below.damage() + below.score());
            double ratio = below.damage() > 0 ? bearable / below.damage() : 0;
            // A little less than the rule says: a hit narrows the search from the better side.
            allowed = noise * ratio * ratio * 0.9;
        } else {
            double share = below.score() / (below.score() - above.score());
            allowed = Math.pow(Math.sqrt(noise) + share * (Math.sqrt(above.mix().noise(units)) - Math.sqrt(noise)), 2);
        }
        int at = low + 1;
        while (at < high && frontier.get(at).noise(units) > allowed) {
            at++;
        }
        if (above == null) {
            // Where the rule says too little, a quarter of the way is gone all the same.
            return Math.min(high, Math.max(low + 1 + (high - low - 1) / 4, at));
        }
        // Never nearer to an end than an eighth: the bracket shrinks whatever the model of noise is worth.
        int margin = Math.max(1, (high - low) / 8);
        return Math.max(low + margin, Math.min(high - margin, at));
    }

    /**
     * Takes promotions back that the goal does not need: a quarter of them at a time as long as that works, then fewer,
     * those first that bring least for their cost. What comes later brings more, so after some misses the rest stays.
     */
    private Trial trimmed(Trial found) {
        Trial best = found;
        List<Integer> doubtful = byWorth(best.mix());
        int size = Math.max(1, doubtful.size() / 4);
        int at = 0;
        int misses = 0;
        while (at < doubtful.size() && misses < PATIENCE && timeLeft.getAsBoolean()) {
            int end = Math.min(doubtful.size(), at + size);
            Mix less = best.mix();
            for (int u : doubtful.subList(at, end)) {
                less = less.with(u, 0);
            }
            Trial trial = evaluation.apply(less);
            if (trial.holds()) {
                best = trial;
                at = end;
            } else {
                misses++;
                at = size > 1 ? at : end;
                size = Math.max(1, size / 2);
            }
        }
        return best;
    }

    /** Promoted units, those first that bring least for their cost. */
    private List<Integer> byWorth(Mix mix) {
        return mix.promoted().stream()
                .sorted((a, b) -> Double.compare(worth(mix, a), worth(mix, b)))
                .toList();
    }

    private double worth(Mix mix, int unit) {
        Choice plain = units.get(unit).choices().get(0);
        Choice chosen = mix.of(units, unit);
        double cost = chosen.cost() - plain.cost();
        double gain = plain.noise() - chosen.noise();
        return cost <= 0 ? Double.POSITIVE_INFINITY : gain / cost;
    }
}
