package dev.detent.host.data;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * In which order samples are taken, the first so many of which count: as they lie there, or shuffled.
 *
 * @param seed the same seed gives the same order of as many samples, on every machine
 */
public record SampleOrder(Optional<Long> seed) {

    /** As they lie there. */
    public static final SampleOrder GIVEN = new SampleOrder(Optional.empty());

    /** A list in this order. */
    public <T> List<T> of(List<T> given) {
        List<T> ordered = new ArrayList<>(given);
        seed.ifPresent(s -> Collections.shuffle(ordered, new Random(s)));
        return ordered;
    }

    Samples of(Samples given) {
        if (seed.isEmpty()) {
            return given;
        }
        List<Integer> order = of(IntStream.range(0, given.size()).boxed().toList());
        return new Samples() {
            @Override
            public int size() {
                return given.size();
            }

            @Override
            public int rows() {
                return given.rows();
            }

            @Override
            public Sample get(int index) {
                return given.get(order.get(index));
            }

            @Override
            public String describe(int index) {
                return given.describe(order.get(index));
            }
        };
    }
}
