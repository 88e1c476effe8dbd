package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;

/** Clamps values to a range before it passes them to the wrapped observer. */
final class ClampingObserver extends ForwardingObserver {

    private final float lowest;
    private final float highest;
    private float[] clamped = new float[0];

    /** The observer itself where the range has no end. */
    static Observer of(Observer observer, ConsumerSaturationRange range) {
        return range.equals(ConsumerSaturationRange.ALL) ? observer : new ClampingObserver(observer, range);
    }

    private ClampingObserver(Observer observer, ConsumerSaturationRange range) {
        super(observer);
        this.lowest = (float) range.lowest();
        this.highest = (float) range.highest();
    }

    @Override
    public void accept(float[] values, int from, int to) {
        if (clamped.length < to - from) {
            clamped = new float[to - from];
        }
        for (int i = from; i < to; i++) {
            clamped[i - from] = Math.min(Math.max(values[i], lowest), highest);
        }
        super.accept(clamped, 0, to - from);
    }
}
