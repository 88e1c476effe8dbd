package dev.detent.support.observe;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Sketch;

/**
 * A sketch that looks at a batch when all of it is there, as one must for which it matters what lies where along
 * several axes.
 */
@ImplementedByPlugins
public abstract class BufferedBatchSketch implements Sketch {

    private float[] batch = new float[0];
    private long[] shape = new long[0];
    private int position;

    @Override
    public final void begin(long[] batchShape) {
        shape = batchShape.clone();
        position = 0;
        int size = Math.toIntExact(Tensor.count(shape));
        if (batch.length != size) {
            batch = new float[size];
        }
    }

    @Override
    public final void accept(float[] values, int from, int to) {
        System.arraycopy(values, from, batch, position, to - from);
        position += to - from;
    }

    @Override
    public final void end() {
        look(batch, shape);
    }

    /**
     * The batch is complete.
     *
     * @param values in C order; the next batch may overwrite them
     */
    protected abstract void look(float[] values, long[] shape);
}
