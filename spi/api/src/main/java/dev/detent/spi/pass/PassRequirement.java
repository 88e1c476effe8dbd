package dev.detent.spi.pass;

import dev.detent.spi.Stable;

/** What a pass needs from the host beside graph and configs. */
@Stable(since = "1.0")
public enum PassRequirement {
    /** Calibration data: the run ends before the pass when there is none. */
    SAMPLES,

    /**
     * What {@link Pass#observes} asks for and no other look at the data: statistics that an earlier run kept serve as
     * well.
     */
    STATISTICS
}
