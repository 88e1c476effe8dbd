package dev.detent.support.bias;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import java.util.Arrays;
import java.util.Optional;

/**
 * Mean of every channel. Means of samples are added as integers, so merging is exact and the order of samples does not
 * matter.
 */
public final class ChannelMean implements Sketch {

    /** Where the channels lie. */
    enum Axis {
        SECOND,
        LAST
    }

    /** Means are clipped to +-2^15 and resolved to 2^-32: far finer than any quantization step. */
    private static final double UNIT = 0x1p32;

    private static final double LIMIT = 0x1p15;

    private final Axis axis;
    private final long[] sums;
    private final double[] batch;
    private int samples;
    /** Neighbours of one channel; 0 for a batch that has not these channels, which is not looked at. */
    private int stride;

    private int position;

    ChannelMean(Axis axis, int channels) {
        this.axis = axis;
        this.sums = new long[channels];
        this.batch = new double[channels];
    }

    @Override
    public void begin(long[] shape) {
        long values = Tensor.count(shape);
        if (axis == Axis.LAST) {
            stride = values % batch.length == 0 ? 1 : 0;
        } else {
            stride = shape.length > 1 && shape[1] == batch.length ? (int) (values / (shape[0] * shape[1])) : 0;
        }
        position = 0;
        Arrays.fill(batch, 0);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        for (int i = from; i < to && stride > 0; ) {
            int channel = position / stride % batch.length;
            int run = Math.min(to - i, stride - position % stride);
            batch[channel] += sum(values, i, i + run);
            i += run;
            position += run;
        }
    }

    /** In four lanes, so that no addition waits for the one before. */
    private static double sum(float[] values, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 4 <= to; i += 4) {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
        }
        for (; i < to; i++) {
            a += values[i];
        }
        return a + b + (c + d);
    }

    @Override
    public void end() {
        if (position == 0) {
            return;
        }
        double perChannel = (double) position / batch.length;
        for (int c = 0; c < batch.length; c++) {
            sums[c] += Math.round(Math.max(-LIMIT, Math.min(LIMIT, batch[c] / perChannel)) * UNIT);
        }
        samples++;
    }

    @Override
    public void merge(Sketch other) {
        ChannelMean o = (ChannelMean) other;
        for (int c = 0; c < sums.length; c++) {
            sums[c] += o.sums[c];
        }
        samples += o.samples;
    }

    @Override
    public Optional<SketchState> state() {
        return Optional.of(
                SketchState.of("sums", SketchState.Sums.of(sums)).with("samples", SketchState.Sums.of(samples)));
    }

    @Override
    public void restore(SketchState state) {
        SketchState.Sums kept = state.part("sums", SketchState.Sums.class);
        for (int c = 0; c < sums.length; c++) {
            sums[c] = kept.get(c);
        }
        samples = (int) state.part("samples", SketchState.Sums.class).get(0);
    }

    double mean(int channel) {
        return sums[channel] / UNIT / Math.max(1, samples);
    }
}
