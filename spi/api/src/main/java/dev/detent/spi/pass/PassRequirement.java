package dev.detent.spi.pass;

import dev.detent.spi.Stable;

/** What a pass needs from the host beside graph and configs. */
@Stable(since = "1.0")
public enum PassRequirement {
    /** Calibration data: the run ends before the pass when there is none. */
    SAMPLES
}
