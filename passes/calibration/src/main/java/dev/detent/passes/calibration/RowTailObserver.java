package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import java.util.OptionalDouble;

/**
 * Raises what lies further below the largest value of its row, along the last axis, than matters. What has no end
 * ({@link FiniteRange}) passes as it is, so that the tensor stays float.
 */
final class RowTailObserver extends ForwardingObserver {

    private final float depth;
    private float[] row = new float[0];
    private int filled;

    /** The observer itself where all of a row matters. */
    static Observer of(Observer observer, OptionalDouble depth) {
        return depth.isEmpty() ? observer : new RowTailObserver(observer, (float) depth.getAsDouble());
    }

    private RowTailObserver(Observer observer, float depth) {
        super(observer);
        this.depth = depth;
    }

    @Override
    public boolean needsOrder() {
        return true;
    }

    @Override
    public void begin(long[] shape) {
        super.begin(shape);
        int length = shape.length == 0 ? 1 : (int) shape[shape.length - 1];
        if (row.length != length) {
            row = new float[length];
        }
        filled = 0;
    }

    @Override
    public void accept(float[] values, int from, int to) {
        int at = from;
        while (at < to) {
            int n = Math.min(to - at, row.length - filled);
            System.arraycopy(values, at, row, filled, n);
            at += n;
            filled += n;
            if (filled == row.length) {
                pass();
            }
        }
    }

    private void pass() {
        float largest = Float.NEGATIVE_INFINITY;
        for (float v : row) {
            largest = Math.max(largest, v);
        }
        for (int i = 0; i < row.length; i++) {
            row[i] = row[i] > -FiniteRange.LARGEST ? Math.max(row[i], largest - depth) : row[i];
        }
        super.accept(row, 0, row.length);
        filled = 0;
    }
}
