package dev.detent.host.search;

import java.util.ArrayList;
import java.util.List;

/**
 * One choice for every unit.
 *
 * @param chosen index into the choices of each unit, in the order of the units
 */
public record Mix(List<Integer> chosen) {

    /** Copies the list. */
    public Mix {
        chosen = List.copyOf(chosen);
    }

    /** Every unit as the target's own rules have it. */
    public static Mix plain(List<Unit> units) {
        return new Mix(units.stream().map(u -> 0).toList());
    }

    /** Every unit as wide as it goes. */
    public static Mix widest(List<Unit> units) {
        return new Mix(units.stream().map(u -> u.choices().size() - 1).toList());
    }

    /** This mix with another choice for one unit. */
    public Mix with(int unit, int choice) {
        List<Integer> other = new ArrayList<>(chosen);
        other.set(unit, choice);
        return new Mix(other);
    }

    /** The choice of a unit. */
    public Choice of(List<Unit> units, int unit) {
        return units.get(unit).choices().get(chosen.get(unit));
    }

    /** What all choices cost together. */
    public double cost(List<Unit> units) {
        double sum = 0;
        for (int u = 0; u < chosen.size(); u++) {
            sum += of(units, u).cost();
        }
        return sum;
    }

    /**
     * Noise that all choices leave together. Noise of different units adds up in power: rounding errors of different
     * tensors are nearly independent (Widrow and Kollar, Quantization Noise, 2008, chapter 4).
     */
    public double noise(List<Unit> units) {
        double sum = 0;
        for (int u = 0; u < chosen.size(); u++) {
            sum += of(units, u).noise();
        }
        return sum;
    }

    /** Units that are not plain. */
    public List<Integer> promoted() {
        List<Integer> units = new ArrayList<>();
        for (int u = 0; u < chosen.size(); u++) {
            if (chosen.get(u) != 0) {
                units.add(u);
            }
        }
        return units;
    }
}
