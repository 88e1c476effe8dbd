package dev.detent.host.job;

import java.util.List;

/**
 * What came of a job.
 *
 * @param runs one for each target, in the order of the request
 * @param graphsObserved different float graphs that the targets looked at first
 */
public record QuantizeResult(List<TargetRun> runs, int graphsObserved) {

    /** Of a job for one target. */
    public QuantizeOutcome outcome() {
        if (runs.size() != 1) {
            throw new IllegalStateException("the job was for " + runs.size() + " targets");
        }
        return runs.get(0).outcome();
    }

    /** Where the targets disagree. */
    public TargetComparison comparison() {
        return TargetComparison.of(runs, graphsObserved);
    }
}
