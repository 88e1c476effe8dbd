package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.MinMaxAccumulator;
import java.util.Arrays;
import java.util.Optional;

/** Smallest and largest value, per tensor or per channel. */
final class MinMaxObserver implements Observer {

    private final Scheme scheme;
    /** Per tensor only; per channel the runs are short and the arrays hold a number each. */
    private final MinMaxAccumulator tensor = new MinMaxAccumulator();

    private float[] min = new float[0];
    private float[] max = new float[0];
    private int stride;
    private int channels;
    private long[] dims = new long[0];
    private int position;

    MinMaxObserver(Scheme scheme) {
        this.scheme = scheme;
    }

    @Override
    public boolean needsOrder() {
        return scheme.isPerChannel();
    }

    @Override
    public boolean addsUp() {
        return !scheme.isPerChannel();
    }

    @Override
    public void expectNonNegative() {
        tensor.expectNonNegative();
    }

    @Override
    public void begin(long[] shape) {
        stride = scheme.isPerChannel() ? scheme.granularity().channelStride(shape) : Integer.MAX_VALUE;
        channels = scheme.granularity().groups(shape);
        dims = shape.clone();
        position = 0;
        if (min.length != channels) {
            min = new float[channels];
            max = new float[channels];
            Arrays.fill(min, Float.POSITIVE_INFINITY);
            Arrays.fill(max, Float.NEGATIVE_INFINITY);
        }
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (!scheme.isPerChannel()) {
            tensor.accept(values, from, to);
            return;
        }
        if (scheme.isPerBlock()) {
            for (int i = from; i < to; i++, position++) {
                int group = scheme.granularity().group(position, dims);
                min[group] = Math.min(min[group], values[i]);
                max[group] = Math.max(max[group], values[i]);
            }
            return;
        }
        for (int i = from; i < to; ) {
            int channel = position / stride % channels;
            int run = Math.min(to - i, stride - position % stride);
            float[] e = MinMaxAccumulator.of(values, i, i + run);
            min[channel] = Math.min(min[channel], e[0]);
            max[channel] = Math.max(max[channel], e[1]);
            i += run;
            position += run;
        }
    }

    @Override
    public void merge(Sketch other) {
        MinMaxObserver o = (MinMaxObserver) other;
        tensor.merge(o.tensor);
        if (min.length == 0) {
            min = o.min.clone();
            max = o.max.clone();
            channels = o.channels;
            return;
        }
        for (int c = 0; c < o.min.length; c++) {
            min[c] = Math.min(min[c], o.min[c]);
            max[c] = Math.max(max[c], o.max[c]);
        }
    }

    @Override
    public Optional<SketchState> state() {
        return Optional.of(SketchState.of(
                "range", scheme.isPerChannel() ? new SketchState.Extremes(min.clone(), max.clone()) : tensor.state()));
    }

    @Override
    public void restore(SketchState state) {
        SketchState.Extremes range = state.part("range", SketchState.Extremes.class);
        if (scheme.isPerChannel()) {
            min = range.smallest().clone();
            max = range.largest().clone();
            channels = min.length;
        } else {
            tensor.restore(range);
        }
    }

    @Override
    public QuantizationParameters render(Scheme wanted) {
        if (!scheme.isPerChannel()) {
            return tensor.min() <= tensor.max() ? wanted.cover(tensor.min(), tensor.max()) : wanted.cover(0, 0);
        }
        double[] lo = new double[min.length];
        double[] hi = new double[min.length];
        for (int c = 0; c < min.length; c++) {
            lo[c] = min[c] <= max[c] ? min[c] : 0;
            hi[c] = min[c] <= max[c] ? max[c] : 0;
        }
        return wanted.cover(lo, hi);
    }
}
