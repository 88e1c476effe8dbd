package dev.detent.host.observe;

import dev.detent.spi.observe.Sketch;
import dev.detent.support.observe.MinMaxAccumulator;
import java.util.ArrayList;
import java.util.List;

/**
 * How far a value reaches in each sample: what tells whether more samples would reach further. Two floats are kept for
 * every sample; samples with values that are not finite are left out.
 */
public final class SampleRanges implements Sketch {

    /** Of one sample; 0 is part of every range. */
    private record Range(float min, float max) {}

    private final MinMaxAccumulator current = new MinMaxAccumulator();
    private final List<Range> samples = new ArrayList<>();

    @Override
    public boolean needsOrder() {
        return false;
    }

    @Override
    public void begin(long[] shape) {
        current.reset();
    }

    @Override
    public void accept(float[] values, int from, int to) {
        current.accept(values, from, to);
    }

    @Override
    public void end() {
        float low = Math.min(0, current.min());
        float high = Math.max(0, current.max());
        if (Float.isFinite(low) && Float.isFinite(high)) {
            samples.add(new Range(low, high));
        }
    }

    @Override
    public void merge(Sketch other) {
        samples.addAll(((SampleRanges) other).samples);
    }

    /** How many samples there are. */
    public int size() {
        return samples.size();
    }

    /** Smallest values of the samples, 0 or less, as far as {@code low}; the smallest first. */
    public double[] smallest(double low) {
        return samples.stream()
                .mapToDouble(r -> Math.max(r.min(), Math.min(0, low)))
                .sorted()
                .toArray();
    }

    /** Largest values of the samples, 0 or more, as far as {@code high}; the smallest first. */
    public double[] largest(double high) {
        return samples.stream()
                .mapToDouble(r -> Math.min(r.max(), Math.max(0, high)))
                .sorted()
                .toArray();
    }
}
