package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;

/** Shows another observer what lies beyond a range at its ends. */
final class Clamped implements Observer {

    private final Observer observer;
    private final float lowest;
    private final float highest;
    private float[] clamped = new float[0];

    /** The observer itself where the range has no end. */
    static Observer of(Observer observer, UsefulRange range) {
        return range.equals(UsefulRange.ALL) ? observer : new Clamped(observer, range);
    }

    private Clamped(Observer observer, UsefulRange range) {
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
        observer.merge(((Clamped) other).observer);
    }

    @Override
    public Parameters render(Scheme scheme) {
        return observer.render(scheme);
    }
}
