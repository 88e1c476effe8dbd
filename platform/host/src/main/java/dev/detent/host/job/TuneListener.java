package dev.detent.host.job;

import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;

/** Told how a search goes on; on the thread that runs it. */
public interface TuneListener {

    /** The float model has been run: this is what will be sought. */
    void goal(Goal goal);

    /** The folder holds what the same search measured before it was ended; so many trials are not made again. */
    default void resumed(int trials) {}

    /** It is known what each group costs and brings. */
    void measured(SearchSpace space);

    /** A mix has been quantized and evaluated. */
    void tried(TuneTrial trial);
}
