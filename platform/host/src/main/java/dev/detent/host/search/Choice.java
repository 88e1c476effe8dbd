package dev.detent.host.search;

/**
 * One way a unit of the network can be on the chip.
 *
 * @param label what a person reads: {@code int8}, {@code 16 bits}, {@code float}
 * @param cost what it costs more than the cheapest way, in the unit of the search (multiply-adds, bytes, seconds); >= 0
 * @param noise noise power it leaves in the outputs, relative to their signal power; >= 0
 */
public record Choice(String label, double cost, double noise) {

    /** Refuses what has no order: NaN, negative numbers, infinite costs. */
    public Choice {
        if (!(cost >= 0) || Double.isInfinite(cost) || !(noise >= 0)) {
            throw new IllegalArgumentException("cost " + cost + " and noise " + noise + " of '" + label + "'");
        }
    }
}
