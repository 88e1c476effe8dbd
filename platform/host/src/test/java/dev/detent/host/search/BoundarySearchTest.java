package dev.detent.host.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class BoundarySearchTest {

    private int evaluations;

    /** Noise of the truth is not what was predicted: every unit's own is off by up to a factor of four. */
    @RepeatedTest(50)
    void findsACheapMixInFewEvaluations(RepetitionInfo info) {
        Random random = new Random(info.getCurrentRepetition());
        List<Unit> units = new ArrayList<>();
        List<Unit> truth = new ArrayList<>();
        for (int u = 0; u < 100; u++) {
            double noise = Math.exp(3 * random.nextGaussian());
            double cost = 1 + random.nextInt(50);
            double error = Math.exp(1.4 * (random.nextDouble() - 0.5));
            units.add(FrontierTest.unit("u" + u, 0, noise, cost, noise / 60, 3 * cost, 0));
            truth.add(FrontierTest.unit("u" + u, 0, noise * error, cost, noise * error / 60, 3 * cost, 0));
        }
        double plain = Math.sqrt(Mix.plain(truth).noise(truth));
        Function<Mix, Trial> evaluation = m -> {
            evaluations++;
            double damage = Math.sqrt(m.noise(truth));
            return new Trial(m, 0.2 * plain - damage, damage);
        };
        Mix start = Mix.plain(units);
        Trial found = new BoundarySearch(units, evaluation, () -> true)
                .run(evaluation.apply(start))
                .orElseThrow();
        assertTrue(found.holds());
        // What somebody who knows the true noise would pay.
        double best = Frontier.of(truth).stream()
                .filter(m -> Math.sqrt(m.noise(truth)) <= 0.2 * plain)
                .findFirst()
                .orElseThrow()
                .cost(truth);
        assertTrue(found.mix().cost(units) <= 1.5 * best + 50, () -> found.mix().cost(units) + " for " + best);
        assertTrue(evaluations <= 40, () -> evaluations + " evaluations");
    }

    @Test
    void anUnreachableGoalIsSaidSoAfterAFewTrials() {
        List<Unit> units = many(64);
        Optional<Trial> found = new BoundarySearch(units, this::never, () -> true).run(never(Mix.plain(units)));
        assertTrue(found.isEmpty());
        assertTrue(evaluations <= 20, () -> evaluations + " evaluations");
    }

    @Test
    void withoutTimeThereIsNoTrial() {
        List<Unit> units = many(8);
        Trial plain = never(Mix.plain(units));
        assertTrue(
                new BoundarySearch(units, this::never, () -> false).run(plain).isEmpty());
        assertEquals(1, evaluations);
    }

    /** When time runs out the last mix that held is the result. */
    @Test
    void whatHeldIsKeptWhenTimeRunsOut() {
        List<Unit> units = many(64);
        Function<Mix, Trial> evaluation = m -> {
            evaluations++;
            return new Trial(m, m.promoted().size() - 20, 1);
        };
        BooleanSupplier timeLeft = () -> evaluations < 4;
        Optional<Trial> found = new BoundarySearch(units, evaluation, timeLeft).run(evaluation.apply(Mix.plain(units)));
        assertTrue(found.isEmpty() || found.get().holds());
        assertTrue(evaluations <= 4);
    }

    /** 16 bits are predicted to leave no noise and leave some: float is dearer, and none of the frontier. */
    @Test
    void whereThePredictedLeastMissesTheWidestIsTried() {
        List<Unit> units = List.of(
                FrontierTest.unit("a", 0, 4, 1, 1, 3, 0),
                FrontierTest.unit("b", 0, 4, 1, 0, 3, 0),
                FrontierTest.unit("c", 0, 0, 1, 0, 3, 0));
        Function<Mix, Trial> evaluation = m -> {
            evaluations++;
            double damage = m.chosen().get(0) == 2 && m.chosen().get(1) == 2 ? 0 : 3;
            return new Trial(m, 1 - damage, damage);
        };
        Trial found = new BoundarySearch(units, evaluation, () -> true)
                .run(evaluation.apply(Mix.plain(units)))
                .orElseThrow();
        assertEquals(List.of(2, 2, 0), found.mix().chosen());
    }

    /** A unit that only seems to matter is taken back. */
    @Test
    void whatTheGoalDoesNotNeedIsTakenBack() {
        List<Unit> units = many(16);
        Function<Mix, Trial> evaluation = m -> new Trial(m, m.chosen().get(15) == 1 ? 1 : -1, 1);
        Trial found = new BoundarySearch(units, evaluation, () -> true)
                .run(evaluation.apply(Mix.plain(units)))
                .orElseThrow();
        assertEquals(List.of(15), found.mix().promoted());
    }

    private Trial never(Mix mix) {
        evaluations++;
        return new Trial(mix, -1, 2);
    }

    private static List<Unit> many(int count) {
        List<Unit> units = new ArrayList<>();
        for (int u = 0; u < count; u++) {
            units.add(FrontierTest.unit("u" + u, 0, count - u, 1, 0));
        }
        return units;
    }
}
