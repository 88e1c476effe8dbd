package dev.detent.runtime;

/** A bounded sequence of samples, loaded on demand by several threads at once; none outlives its run. */
public interface Samples {

    int size();

    /** Loads sample {@code index}; thread-safe. */
    Sample get(int index);

    /** Rows of the data in a sample: several where the model's batch is fixed. Labels count rows. */
    default int rows() {
        return 1;
    }

    /** What a person calls the sample: a file name, a row of a file. */
    default String describe(int index) {
        return "sample " + index;
    }

    /** The first {@code limit} samples, or all when there are fewer. */
    default Samples first(int limit) {
        return limit >= size() ? this : range(0, limit);
    }

    /** {@code count} samples from {@code start} on. */
    default Samples range(int start, int count) {
        Samples all = this;
        return new Samples() {
            @Override
            public int size() {
                return count;
            }

            @Override
            public int rows() {
                return all.rows();
            }

            @Override
            public Sample get(int index) {
                return all.get(start + index);
            }

            @Override
            public String describe(int index) {
                return all.describe(start + index);
            }
        };
    }

    /**
     * The same samples; the first {@code bytes} worth of them stay in memory once loaded, for passes that look at a few
     * again and again.
     */
    default Samples remembering(long bytes) {
        return new CachedSamples(this, bytes);
    }
}
