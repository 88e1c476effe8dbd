package dev.detent.host.evaluate;

/**
 * Squared distance of values from exact ones, and what it compares with. An exact value that is not finite says
 * nothing; where only the other one is not, the distance has no end.
 */
final class SquaredErrorAccumulator {

    private double signal;
    private double noise;

    void add(double exact, double value) {
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
    double signal() {
        return signal;
    }

    /** Sum of the differences' squares. */
    double noise() {
        return noise;
    }
}
