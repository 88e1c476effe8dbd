package dev.detent.passes.tuning;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.run.Block;

/** A bias. It has 32 bits wherever it is quantized, so no rounding counts. */
final class LearnedBias implements Learner {

    private final Block.Parameter parameter;
    private final Tensor before;
    private final float[] values;
    private final Adam adam;
    private final double unit;

    LearnedBias(Block.Parameter parameter, Tensor now) {
        this.parameter = parameter;
        this.before = now;
        this.values = now.floats();
        this.adam = new Adam(values.length);
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        this.unit = Math.sqrt(sum / Math.max(1, values.length));
    }

    @Override
    public void put(Block.Values into) {
        into.parameters().put(parameter.value(), values);
    }

    @Override
    public void learn(Block.Gradient gradient, double rate, double progress) {
        float[] g = gradient.parameters().get(parameter.value());
        if (g == null) {
            return;
        }
        float[] change = adam.step(g);
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) (rate * unit * change[i]);
        }
    }

    @Override
    public void commit(PassContext context) {
        context.editor().initializer(parameter.value(), Tensor.ofFloats(before.dims(), values));
    }
}
