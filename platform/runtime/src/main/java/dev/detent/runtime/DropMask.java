package dev.detent.runtime;

/**
 * Which elements of a tensor are left out, by chance: the same ones whenever it is asked.
 *
 * @param threshold of 2^24 elements so many are left out
 */
record DropMask(long seed, int threshold) {

    static final DropMask NONE = new DropMask(0, 0);

    /** @param probability of an element to be left out */
    static DropMask of(double probability, long seed, int sample, String value) {
        return new DropMask(mix(mix(seed + 0x9E3779B97F4A7C15L * (sample + 1L)) + value.hashCode()), (int)
                Math.round(probability * (1 << 24)));
    }

    boolean isActive() {
        return threshold > 0;
    }

    boolean at(int element) {
        return (int) (mix(seed + 0x9E3779B97F4A7C15L * element) >>> 40) < threshold;
    }

    /** The finalizer of SplitMix64 (Steele et al. 2014). */
    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ a >>> 27) * 0x94D049BB133111EBL;
        return b ^ b >>> 31;
    }
}
