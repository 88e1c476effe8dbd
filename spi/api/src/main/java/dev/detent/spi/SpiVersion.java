package dev.detent.spi;

/** The version of the SPI that the host announces; a plugin's {@code Plugin-Requires} is compared with it. */
@Stable(since = "1.0")
public final class SpiVersion {

    /** Plain {@code x.y.z}: PF4J's range check misjudges snapshots. */
    public static final String CURRENT = "1.0.0";

    private SpiVersion() {}
}
