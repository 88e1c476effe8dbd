package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;

/** Decorator that clamps values to a range before it passes them to the wrapped observer. */
final class ClampingObserver implements Observer {

    private final Observer observer;
    private final float lowest;
    private final float highest;
    private float[] clamped = new float[0];

    /** The observer itself where the range has no end. */
    static Observer of(Observer observer, ConsumerSaturationRange range) {
        return range.equals(ConsumerSaturationRange.ALL) ? observer : new ClampingObserver(observer, range);
    }

    private ClampingObserver(Observer observer, ConsumerSaturationRange range) {
        this.observer = observer;
        this.lowest = (float) range.lowest();
        this.highest = (float) range.highest();
    }

    @Override
    public boolean needsOrder() {
        return observer.needsOrder();
    }

    @Override
    public void begin(long[] shape) {
        observer.begin(shape);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (clamped.length < to - from) {
            clamped = new float[to - from];
        }
        for (int i = from; i < to; i++) {
            clamped[i - from] = Math.min(Math.max(values[i], lowest), highest);
        }
        observer.accept(clamped, 0, to - from);
    }

    @Override
    public void end() {
        observer.end();
    }

    @Override
    public void merge(Sketch other) {
        observer.merge(((ClampingObserver) other).observer);
    }

    @Override
    public Optional<SketchState> state() {
        return observer.state();
    }

    @Override
    public void restore(SketchState state) {
        observer.restore(state);
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        return observer.render(scheme);
    }
}
