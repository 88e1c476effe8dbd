package dev.detent.passes.tuning;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.support.number.FakeQuantization;
import java.util.Arrays;

/**
 * A weight in full precision that is rounded to its grid at every step, and the grid's scales (LSQ, Esser et al. 2020;
 * with powers of two TQT, Jain et al. 2020). The gradient to the rounded weight is taken for the one to the exact one.
 * A weight moves in units of its scale, a scale in units of itself.
 */
final class LearnedWeight implements Learner {

    /** How far from its code's value a weight may start, in steps: any further, and it would round to another. */
    private static final double INSIDE = 0.49;

    private final Block.Parameter parameter;
    private final TensorQuantization config;
    private final long[] dims;
    private final float[] values;
    private final int[] groups;
    private final float[] zeroPoints;
    private final double[] logScales;
    private final float[] first;
    private final Adam weightAdam;
    private final Adam scaleAdam;
    private final Rates rates;

    /**
     * What is learned besides the weight.
     *
     * @param scales how fast scales are learned, as a part of the weights' rate; 0 for not at all
     * @param gamma weight of the squared distance between a weight and its rounded value
     */
    record Rates(double scales, double gamma) {}

    /**
     * @param now the weight as it stands, which passes before may have put on its grid
     * @param exact the weight before
     */
    LearnedWeight(Block.Parameter parameter, TensorQuantization config, Tensor now, Tensor exact, Rates rates) {
        this.parameter = parameter;
        this.config = config;
        this.dims = now.dims();
        this.rates = rates;
        Scheme scheme = config.scheme();
        QuantizationParameters p = config.qparams().orElseThrow();
        this.first = p.scales();
        this.zeroPoints = p.zeroPoints();
        this.logScales = new double[first.length];
        for (int g = 0; g < first.length; g++) {
            logScales[g] = LogScale.start(first[g], scheme);
        }
        this.groups = groups(scheme.granularity(), dims, p.channels());
        float[] rounded = now.floats();
        FakeQuantization.inPlace(rounded, dims, scheme, p);
        this.values = exact.floats();
        for (int i = 0; i < values.length; i++) {
            int g = groups[i];
            double inside = INSIDE * scheme.system().step(rounded[i], first[g], zeroPoints[g], scheme);
            values[i] = (float) (rounded[i] + Math.max(-inside, Math.min(inside, values[i] - rounded[i])));
        }
        this.weightAdam = new Adam(values.length);
        this.scaleAdam = new Adam(first.length);
    }

    /** The group of every element. */
    static int[] groups(Granularity granularity, long[] dims, int channels) {
        int[] groups = new int[(int) Tensor.count(dims)];
        if (channels > 1) {
            Arrays.setAll(groups, i -> granularity.group(i, dims) % channels);
        }
        return groups;
    }

    private QuantizationParameters parameters() {
        float[] scales = new float[logScales.length];
        for (int g = 0; g < scales.length; g++) {
            scales[g] = rates.scales() == 0 ? first[g] : LogScale.scale(logScales[g], config.scheme());
        }
        return new QuantizationParameters(scales, zeroPoints);
    }

    private float[] rounded(QuantizationParameters p) {
        float[] rounded = values.clone();
        FakeQuantization.inPlace(rounded, dims, config.scheme(), p);
        return rounded;
    }

    @Override
    public void put(Block.Values into) {
        into.parameters().put(parameter.value(), rounded(parameters()));
    }

    @Override
    public void learn(Block.Gradient gradient, double rate, double progress) {
        float[] g = gradient.parameters().get(parameter.value());
        if (g == null) {
            return;
        }
        QuantizationParameters p = parameters();
        float[] rounded = rounded(p);
        Scheme scheme = config.scheme();
        float[] toValues = new float[g.length];
        double[] toScales = new double[first.length];
        double pull = 2 * rates.gamma() / values.length;
        double[] low = new double[first.length];
        double[] high = new double[first.length];
        for (int c = 0; c < first.length; c++) {
            low[c] = scheme.system().range(p.scale(c), p.zeroPoint(c), scheme).low();
            high[c] = scheme.system().range(p.scale(c), p.zeroPoint(c), scheme).high();
        }
        for (int i = 0; i < values.length; i++) {
            int c = groups[i];
            boolean inside = values[i] >= low[c] && values[i] <= high[c];
            toScales[c] += (double) g[i] * (inside ? rounded[i] - values[i] : rounded[i]);
            toValues[i] = (inside ? g[i] : 0) + (float) (pull * (values[i] - rounded[i]));
        }
        float[] moves = weightAdam.step(toValues);
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) (rate * p.scale(groups[i]) * moves[i]);
        }
        if (rates.scales() > 0) {
            // d/d(log s) = s d/ds, and d/ds has a 1 / s.
            float[] toLogs = new float[toScales.length];
            for (int c = 0; c < toLogs.length; c++) {
                toLogs[c] = (float) toScales[c];
            }
            float[] change = scaleAdam.step(toLogs);
            for (int c = 0; c < logScales.length; c++) {
                logScales[c] += rate * rates.scales() * change[c];
            }
        }
    }

    @Override
    public void commit(PassContext context) {
        QuantizationParameters p = parameters();
        context.editor().initializer(parameter.value(), Tensor.ofFloats(dims, rounded(p)));
        if (!p.equals(config.qparams().orElseThrow())) {
            context.states().lead(config, p, "learned with its block");
        }
    }
}
