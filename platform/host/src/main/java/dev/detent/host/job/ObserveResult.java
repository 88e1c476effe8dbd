package dev.detent.host.job;

import dev.detent.host.observe.Observations;
import dev.detent.spi.problem.Problem;
import java.util.List;

/**
 * What a look at data led to.
 *
 * @param targets those that can be quantized for from the statistics
 * @param problems what to say of model and data, and of each target that the statistics do not serve
 */
public record ObserveResult(Observations observations, List<String> targets, List<Problem> problems) {

    /** Copies the lists. */
    public ObserveResult {
        targets = List.copyOf(targets);
        problems = List.copyOf(problems);
    }
}
