package dev.detent.host.job;

import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;

/** Hears of the progress of a search, on the thread that runs it. */
public interface TuneListener {

    /** The float model has been run: this is the goal of the search. */
    void goal(Goal goal);

    /** Cost and benefit of every group have been measured. */
    void measured(SearchSpace space);

    /** A mix has been quantized and evaluated. */
    void tried(TuneTrial trial);
}
