package dev.detent.passes.equalization;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;

/**
 * Mean of every channel along axis 1. Sums are kept as integers of 2^-24 of the largest magnitude allowed, so merging is exact and the
 * order of samples does not matter.
 */
final class ChannelMean implements Observer {

    /** Values are clipped to +-2^15 and resolved to 2^-32: far finer than any quantization step. */
    private static final double UNIT = 0x1p32;
    private static final double LIMIT = 0x1p15;

    private long[] high = new long[0];
    private double[] batch = new double[0];
    private long[] counts = new long[0];
    private int stride;
    private int channels;
    private int position;

    @Override
    public void begin(long[] shape) {
        channels = shape.length > 1 ? (int) shape[1] : 1;
        stride = 1;
        for (int d = 2; d < shape.length; d++) {
            stride *= (int) shape[d];
        }
        position = 0;
        if (batch.length != channels) {
            batch = new double[channels];
            high = new long[channels];
            counts = new long[channels];
        }
        java.util.Arrays.fill(batch, 0);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        for (int i = from; i < to; ) {
            int channel = position / stride % channels;
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
        long perChannel = position / channels;
        for (int c = 0; c < channels; c++) {
            double mean = batch[c] / perChannel;
            high[c] += Math.round(Math.max(-LIMIT, Math.min(LIMIT, mean)) * UNIT / 0x1p16);
            counts[c]++;
        }
    }

    @Override
    public void merge(Observer other) {
        ChannelMean o = (ChannelMean) other;
        if (batch.length == 0) {
            batch = o.batch.clone();
            high = o.high.clone();
            counts = o.counts.clone();
            channels = o.channels;
            return;
        }
        for (int c = 0; c < o.high.length; c++) {
            high[c] += o.high[c];
            counts[c] += o.counts[c];
        }
    }

    double mean(int channel) {
        return counts.length <= channel || counts[channel] == 0 ? 0 : high[channel] * 0x1p16 / UNIT / counts[channel];
    }

    int channels() {
        return high.length;
    }

    @Override
    public Parameters render(Scheme scheme) {
        throw new UnsupportedOperationException("means are no quantization parameters");
    }
}
