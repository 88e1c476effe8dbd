package dev.detent.host.job;

import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;
import java.util.List;

/**
 * What a search found.
 *
 * @param space empty when the target's own rules held the goal at once
 * @param best the cheapest that holds the goal, or, when none does, the one that misses it least
 * @param trials all, in order
 * @param outcome of the run that lies in the folder
 */
public record TuneResult(
        Goal goal, SearchSpace space, TuneTrial best, List<TuneTrial> trials, QuantizeOutcome outcome) {}
