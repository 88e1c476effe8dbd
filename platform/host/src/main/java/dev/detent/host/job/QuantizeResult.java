package dev.detent.host.job;

import java.util.List;
import java.util.Map;

/**
 * What came of a job.
 *
 * @param runs one for each target that came out, in the order of the request
 * @param graphsObserved different float graphs that the targets looked at first
 * @param failures what became of the other targets
 */
public record QuantizeResult(List<TargetRun> runs, int graphsObserved, Map<String, RuntimeException> failures) {

    /** Of a job for one target. */
    public QuantizeOutcome outcome() {
        if (runs.size() != 1) {
            throw new IllegalStateException("the job was for " + runs.size() + " targets");
        }
        return runs.get(0).outcome();
    }

    /** Where the targets disagree. */
    public TargetComparison comparison() {
        return TargetComparison.of(runs, graphsObserved, failures);
    }
}
