package dev.detent.host.observe;

import dev.detent.spi.observe.Sketch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How far a value reaches in each sample: what tells whether more samples would reach further. Kept in lanes as a loop
 * over both arrays with one index becomes vector instructions, and a reduction does not. Two floats are kept for every
 * sample; samples with values that are not finite are left out.
 */
public final class SampleRanges implements Sketch {

    private static final int LANES = 1024;

    /** Of one sample; 0 is part of every range. */
    private record Range(float min, float max) {}

    private final float[] min = new float[LANES];
    private final float[] max = new float[LANES];
    private final List<Range> samples = new ArrayList<>();

    @Override
    public boolean needsOrder() {
        return false;
    }

    @Override
    public void begin(long[] shape) {
        Arrays.fill(min, 0);
        Arrays.fill(max, 0);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (from != 0 || to > LANES) {
            for (int at = from; at < to; at += LANES) {
                accept(Arrays.copyOfRange(values, at, Math.min(to, at + LANES)), 0, Math.min(LANES, to - at));
            }
            return;
        }
        for (int j = 0; j < to; j++) {
            min[j] = Math.min(min[j], values[j]);
        }
        for (int j = 0; j < to; j++) {
            max[j] = Math.max(max[j], values[j]);
        }
    }

    @Override
    public void end() {
        float low = 0;
        float high = 0;
        for (int j = 0; j < LANES; j++) {
            low = Math.min(low, min[j]);
            high = Math.max(high, max[j]);
        }
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
