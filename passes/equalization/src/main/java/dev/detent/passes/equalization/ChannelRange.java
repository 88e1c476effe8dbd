package dev.detent.passes.equalization;

import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.run.Simulator.Observation;
import java.util.Optional;

/**
 * Largest magnitude and mean square of every channel along an axis. Mean squares of samples are added as integers of
 * 2^-28, so merging is exact and the order of samples does not matter.
 */
final class ChannelRange implements Sketch {

    private static final double UNIT = 0x1p28;
    private static final double LIMIT = 0x1p24;

    private final ChannelGroups.Axis axis;
    private float[] largest = new float[0];
    private long[] energy = new long[0];
    private double[] batch = new double[0];
    private int samples;
    private int stride;
    private int position;

    private ChannelRange(ChannelGroups.Axis axis) {
        this.axis = axis;
    }

    /** Observes a value's channels; passes that ask for as many samples share it. */
    static Observation<ChannelRange> of(ChannelGroups.Channels channels, int samples) {
        return new Observation<>(
                channels.value(),
                "channel ranges " + channels.axis(),
                samples,
                () -> new ChannelRange(channels.axis()));
    }

    @Override
    public void begin(long[] shape) {
        int at = axis == ChannelGroups.Axis.SECOND ? 1 : shape.length - 1;
        int channels = (int) shape[at];
        stride = 1;
        for (int d = at + 1; d < shape.length; d++) {
            stride *= (int) shape[d];
        }
        position = 0;
        if (largest.length != channels) {
            largest = new float[channels];
            energy = new long[channels];
        }
        batch = new double[channels];
    }

    @Override
    public void accept(float[] values, int from, int to) {
        for (int i = from; i < to; ) {
            int channel = position / stride % largest.length;
            int run = Math.min(to - i, stride - position % stride);
            float max = largest[channel];
            double sum = 0;
            for (int k = i; k < i + run; k++) {
                float v = Math.abs(values[k]);
                max = Math.max(max, v);
                sum += (double) v * v;
            }
            largest[channel] = max;
            batch[channel] += sum;
            i += run;
            position += run;
        }
    }

    @Override
    public void end() {
        double perChannel = (double) position / largest.length;
        for (int c = 0; c < batch.length; c++) {
            energy[c] += Math.round(Math.min(LIMIT, batch[c] / perChannel) * UNIT);
        }
        samples++;
    }

    @Override
    public void merge(Sketch other) {
        ChannelRange o = (ChannelRange) other;
        if (largest.length == 0) {
            largest = o.largest.clone();
            energy = o.energy.clone();
            samples = o.samples;
            return;
        }
        for (int c = 0; c < o.largest.length; c++) {
            largest[c] = Math.max(largest[c], o.largest[c]);
            energy[c] += o.energy[c];
        }
        samples += o.samples;
    }

    /** The largest magnitudes beside their negatives: an end of a range each. */
    @Override
    public Optional<SketchState> state() {
        float[] low = new float[largest.length];
        for (int c = 0; c < low.length; c++) {
            low[c] = -largest[c];
        }
        return Optional.of(SketchState.of("ranges", new SketchState.Extremes(low, largest.clone()))
                .with("energies", SketchState.Sums.of(energy))
                .with("samples", SketchState.Sums.of(samples)));
    }

    @Override
    public void restore(SketchState state) {
        largest = state.part("ranges", SketchState.Extremes.class).largest().clone();
        SketchState.Sums energies = state.part("energies", SketchState.Sums.class);
        energy = new long[largest.length];
        for (int c = 0; c < energy.length; c++) {
            energy[c] = energies.get(c);
        }
        samples = (int) state.part("samples", SketchState.Sums.class).get(0);
    }

    int channels() {
        return largest.length;
    }

    float largest(int channel) {
        return largest[channel];
    }

    /** E[x^2]. */
    double energy(int channel) {
        return energy[channel] / UNIT / Math.max(1, samples);
    }
}
