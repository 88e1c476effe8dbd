package dev.detent.host.job;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.search.CostModel;
import dev.detent.host.search.Goal;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * A search for the cheapest mix that holds a goal.
 *
 * @param quantize the run to improve; for one target, with evaluation data
 * @param goal made from the float model's scores
 * @param command judges every run besides, for {@link dev.detent.host.search.Goal.Command}
 * @param budget no trial begins that would end later
 */
public record TuneRequest(
        QuantizeRequest quantize,
        Function<EvaluationMetrics, Goal> goal,
        Optional<MetricCommand> command,
        CostModel cost,
        Duration budget) {

    /** A search that the scores judge. */
    public TuneRequest(
            QuantizeRequest quantize, Function<EvaluationMetrics, Goal> goal, CostModel cost, Duration budget) {
        this(quantize, goal, Optional.empty(), cost, budget);
    }
}
