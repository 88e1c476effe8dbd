package dev.detent.spi.observe;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.Optional;

/**
 * A streaming statistic of one tensor: sees the values batch by batch and keeps a summary of bounded size, whatever the
 * number of batches. Used by one thread; sketches of several threads are merged, and merging must be exact and
 * commutative so that results do not depend on the number of threads.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Sketch {

    /**
     * Whether the order of elements within a batch matters to it. A sketch that looks at the tensor as a bag of values
     * says no; it may then be shown them in the engine's own layout, which is faster.
     */
    default boolean needsOrder() {
        return true;
    }

    /**
     * Whether the statistic is additive: observing tensors one by one equals observing their concatenation. The host
     * then derives the statistic of a Concat's output from those of its inputs.
     */
    default boolean addsUp() {
        return false;
    }

    /**
     * Called before the first batch if the operators that produce the value guarantee that it is never negative (ReLU,
     * for example); 0 is then a sufficient lower bound.
     */
    default void expectNonNegative() {}

    /**
     * A batch of this shape begins.
     *
     * @param shape of the whole tensor as the network has it, outermost dimension first, with the batch dimension where
     *     the model has one; the array is the caller's
     */
    void begin(long[] shape);

    /**
     * The next values of the batch, in C order; the array is reused by the caller. Called often, with a thousand values
     * or so. NaN and infinities are shown as they come: a sketch that must not see them leaves them out itself.
     *
     * @param from position of the first value
     * @param to position behind the last one
     */
    void accept(float[] values, int from, int to);

    /** The batch is complete; for those that keep something per batch. */
    default void end() {}

    /** Takes over what {@code other}, of the same class and options, has seen, and leaves {@code other} as it was. */
    void merge(Sketch other);

    /**
     * What it has seen, to be kept in a file: equal for equal values, in whatever batches and by however many sketches
     * they were seen that were merged.
     *
     * @return empty when it cannot be kept; a run that has no data then does without the sketch's pass
     */
    @Experimental(since = "1.0")
    default Optional<SketchState> state() {
        return Optional.empty();
    }

    /**
     * Takes over what sketches of the same class and options had seen. Called on a fresh sketch that {@link #state}
     * keeps.
     *
     * @throws IllegalArgumentException when the state is not one of theirs
     */
    @Experimental(since = "1.0")
    default void restore(SketchState state) {
        throw new IllegalArgumentException("this sketch cannot be kept");
    }

    /** A whole batch at once. */
    default void observe(float[] values, long[] shape) {
        begin(shape);
        accept(values, 0, values.length);
        end();
    }
}
