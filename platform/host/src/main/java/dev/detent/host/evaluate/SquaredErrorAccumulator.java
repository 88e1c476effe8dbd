package dev.detent.host.evaluate;

/**
 * Squared distance of values from exact ones, and what it compares with. An exact value that is not finite says
 * nothing; where only the other one is not, the distance has no end. Used by one thread.
 */
public final class SquaredErrorAccumulator {

    private double signal;
    private double noise;

    public void add(double exact, double value) {
        if (Double.isFinite(exact)) {
            double d = exact - value;
            signal += exact * exact;
            noise += Double.isFinite(d) ? d * d : Double.POSITIVE_INFINITY;
        }
    }

    void add(SquaredErrorAccumulator other) {
        signal += other.signal;
        noise += other.noise;
    }

    /** Sum of the exact values' squares. */
    public double signal() {
        return signal;
    }

    /** Sum of the differences' squares. */
    public double noise() {
        return noise;
    }

    /** Noise over signal: of values that should be zero throughout, all is noise. */
    public static double ratio(double signal, double noise) {
        return noise == 0 ? 0 : signal == 0 ? 1 : noise / signal;
    }

    /** A ratio of noise to signal as signal over noise in dB; infinite when nothing differs. */
    public static double decibels(double ratio) {
        return ratio == 0 ? Double.POSITIVE_INFINITY : -10 * Math.log10(ratio);
    }
}
