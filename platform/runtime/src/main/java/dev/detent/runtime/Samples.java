package dev.detent.runtime;

/** A bounded sequence of samples, loaded on demand by several threads at once; none outlives its run. */
public interface Samples {

    int size();

    /** Loads sample {@code index}; thread-safe. */
    Sample get(int index);

    /** What a person calls the sample: a file name, a row of a file. */
    default String describe(int index) {
        return "sample " + index;
    }

    /** The first {@code limit} samples, or all when there are fewer. */
    default Samples first(int limit) {
        Samples all = this;
        return limit >= size() ? this : new Samples() {
            @Override
            public int size() {
                return limit;
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }

            @Override
            public String describe(int index) {
                return all.describe(index);
            }
        };
    }

    /** The same samples; the first {@code bytes} worth of them stay in memory once loaded, for passes that look at a few again and again. */
    default Samples remembering(long bytes) {
        return new RememberedSamples(this, bytes);
    }
}
