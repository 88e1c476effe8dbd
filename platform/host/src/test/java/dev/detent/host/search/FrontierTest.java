package dev.detent.host.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class FrontierTest {

    @Test
    void cheapestGainFirst() {
        List<Unit> units = List.of(unit("a", 0, 10, 4, 0), unit("b", 0, 6, 1, 0), unit("c", 0, 1, 5, 0));
        assertEquals(List.of(mix(0, 0, 0), mix(0, 1, 0), mix(1, 1, 0), mix(1, 1, 1)), Frontier.of(units));
    }

    /** 16 bits that bring less for their price than the way to float are never taken. */
    @Test
    void choicesAboveTheHullAreLeftOut() {
        List<Unit> units = List.of(unit("a", 0, 10, 5, 9, 6, 0));
        assertEquals(List.of(mix(0), mix(2)), Frontier.of(units));
    }

    /** A choice that is cheaper and better than the plain one is taken at once. */
    @Test
    void whatIsBetterForNothingComesFirst() {
        List<Unit> units = List.of(unit("a", 2, 10, 1, 3));
        assertEquals(List.of(mix(1)), Frontier.of(units));
    }

    @RepeatedTest(200)
    void noMixBeatsTheHull(RepetitionInfo info) {
        Random random = new Random(info.getCurrentRepetition());
        List<Unit> units = new ArrayList<>();
        for (int u = 0; u < 1 + random.nextInt(6); u++) {
            double[] points = new double[2 * (1 + random.nextInt(4))];
            for (int i = 0; i < points.length; i++) {
                points[i] = random.nextInt(20);
            }
            units.add(unit("u" + u, points));
        }
        List<Mix> frontier = Frontier.of(units);
        for (int i = 1; i < frontier.size(); i++) {
            Mix a = frontier.get(i - 1);
            Mix b = frontier.get(i);
            assertTrue(b.cost(units) >= a.cost(units) && b.noise(units) < a.noise(units));
        }
        for (Mix any : all(units)) {
            for (Mix best : frontier) {
                boolean beaten = any.cost(units) <= best.cost(units) && any.noise(units) < best.noise(units);
                assertTrue(!beaten, () -> any + " beats " + best + " of " + units);
            }
        }
    }

    @Test
    void whatHasNoOrderIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Choice("x", Double.NaN, 0));
        assertThrows(IllegalArgumentException.class, () -> new Choice("x", 0, -1));
        assertThrows(IllegalArgumentException.class, () -> new Choice("x", Double.POSITIVE_INFINITY, 0));
        assertThrows(IllegalArgumentException.class, () -> new Unit("x", List.of()));
    }

    private static List<Mix> all(List<Unit> units) {
        List<Mix> all = List.of(Mix.plain(units));
        for (int u = 0; u < units.size(); u++) {
            List<Mix> more = new ArrayList<>();
            for (Mix m : all) {
                for (int c = 0; c < units.get(u).choices().size(); c++) {
                    more.add(m.with(u, c));
                }
            }
            all = more;
        }
        return all;
    }

    /** Costs and noises in turn. */
    static Unit unit(String name, double... points) {
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < points.length; i += 2) {
            choices.add(new Choice("c" + i / 2, points[i], points[i + 1]));
        }
        return new Unit(name, choices);
    }

    private static Mix mix(Integer... chosen) {
        return new Mix(List.of(chosen));
    }
}
