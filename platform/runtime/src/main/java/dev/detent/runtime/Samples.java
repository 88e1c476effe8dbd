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
}
