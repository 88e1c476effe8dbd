package dev.detent.passes.tuning;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.support.number.FakeQuantization;

/**
 * Whether each weight is rounded up or down (AdaRound, Nagel et al. 2020): w = s clip(floor(w / s) + h(v)), with h the
 * sigmoid stretched to [-0.1, 1.1] and clipped to [0, 1]. A regulariser, 1 - |2 h - 1|^beta with beta falling from 20
 * to 2, pulls every h to 0 or 1 after a warm-up of a fifth of the steps. Scales stay. For integer number systems.
 */
final class LearnedRounding implements Learner {

    private static final double LOW = -0.1;
    private static final double HIGH = 1.1;
    private static final double WARM_UP = 0.2;
    private static final double FIRST_BETA = 20;
    private static final double LAST_BETA = 2;
    /** A weight starts no nearer to a code than this, so that it may still go to the other one. */
    private static final double LEAST = 0.05;

    private static final double INSIDE = 0.49;

    private final Block.Parameter parameter;
    private final Scheme scheme;
    private final QuantizationParameters scales;
    private final long[] dims;
    private final int[] groups;
    private final float[] floors;
    private final float[] choices;
    private final Adam adam;
    private final double regularizer;
    private boolean settled;

    /**
     * @param now the weight as it stands; it begins at the code it has there
     * @param exact the weight before anything was quantized
     * @param regularizer weight of the regulariser, as a part of the block's error at the mean weight
     */
    LearnedRounding(
            Block.Parameter parameter, TensorQuantization config, Tensor now, Tensor exact, double regularizer) {
        this.parameter = parameter;
        this.scheme = config.scheme();
        this.scales = config.qparams().orElseThrow();
        this.dims = now.dims();
        this.groups = LearnedWeight.groups(scheme.granularity(), dims, scales.channels());
        this.regularizer = regularizer;
        float[] rounded = now.floats();
        FakeQuantization.inPlace(rounded, dims, scheme, scales);
        float[] values = exact.floats();
        this.floors = new float[values.length];
        this.choices = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            float s = scales.scale(groups[i]);
            double inside = INSIDE * s;
            double w = (rounded[i] + Math.max(-inside, Math.min(inside, values[i] - rounded[i]))) / s;
            floors[i] = (float) Math.floor(w);
            double part = Math.max(LEAST, Math.min(1 - LEAST, w - floors[i]));
            double stretched = (part - LOW) / (HIGH - LOW);
            choices[i] = (float) Math.log(stretched / (1 - stretched));
        }
        this.adam = new Adam(values.length);
    }

    private static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
    }

    private double up(int i) {
        double h = Math.max(0, Math.min(1, sigmoid(choices[i]) * (HIGH - LOW) + LOW));
        return settled ? Math.rint(h) : h;
    }

    private float[] values() {
        float[] values = new float[floors.length];
        for (int i = 0; i < values.length; i++) {
            float zeroPoint = scales.zeroPoint(groups[i]);
            double code = Math.max(
                    scheme.quantMin() - (double) zeroPoint,
                    Math.min(scheme.quantMax() - (double) zeroPoint, floors[i] + up(i)));
            values[i] = (float) (code * scales.scale(groups[i]));
        }
        return values;
    }

    @Override
    public void put(Block.Values into) {
        into.parameters().put(parameter.value(), values());
    }

    @Override
    public void learn(Block.Gradient gradient, double rate, double progress) {
        float[] g = gradient.parameters().get(parameter.value());
        if (g == null) {
            return;
        }
        double ready = (progress - WARM_UP) / (1 - WARM_UP);
        double beta = LAST_BETA + (FIRST_BETA - LAST_BETA) * (1 + Math.cos(Math.PI * Math.max(0, ready))) / 2;
        double pull = ready > 0 ? regularizer * gradient.error() / floors.length : 0;
        float[] toChoices = new float[g.length];
        for (int i = 0; i < g.length; i++) {
            double sigmoid = sigmoid(choices[i]);
            double h = sigmoid * (HIGH - LOW) + LOW;
            if (h > 0 && h < 1) {
                double slope = sigmoid * (1 - sigmoid) * (HIGH - LOW);
                double side = 2 * h - 1;
                double regular = -2 * beta * Math.signum(side) * Math.pow(Math.abs(side), beta - 1);
                toChoices[i] = (float) (slope * (g[i] * scales.scale(groups[i]) + pull * regular));
            }
        }
        float[] change = adam.step(toChoices);
        for (int i = 0; i < choices.length; i++) {
            choices[i] += (float) (rate * change[i]);
        }
    }

    @Override
    public void settle() {
        settled = true;
    }

    @Override
    public void commit(PassContext context) {
        context.editor().initializer(parameter.value(), Tensor.ofFloats(dims, values()));
    }
}
