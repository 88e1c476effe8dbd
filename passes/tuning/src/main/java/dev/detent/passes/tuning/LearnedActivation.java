package dev.detent.passes.tuning;

import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;

/**
 * Scales of an activation, and its zero points where the scheme has any: a scale moves in units of itself, a zero point
 * in units of the number of codes.
 */
final class LearnedActivation implements Learner {

    private final TensorQuantization config;
    private final double[] logScales;
    private final double[] zeroPoints;
    private final Adam scaleAdam;
    private final Adam zeroPointAdam;
    private final boolean moves;
    private final double codes;

    LearnedActivation(TensorQuantization config) {
        this.config = config;
        QuantizationParameters p = config.qparams().orElseThrow();
        this.logScales = new double[p.channels()];
        this.zeroPoints = new double[p.channels()];
        for (int c = 0; c < logScales.length; c++) {
            logScales[c] = LogScale.start(p.scale(c), config.scheme());
            zeroPoints[c] = p.zeroPoint(c);
        }
        this.scaleAdam = new Adam(logScales.length);
        this.zeroPointAdam = new Adam(logScales.length);
        Scheme scheme = config.scheme();
        // A zero point at the end of the codes says that nothing lies on that side: it stays.
        this.moves = !scheme.symmetric()
                && zeroPoints.length == 1
                && zeroPoints[0] > scheme.quantMin()
                && zeroPoints[0] < scheme.quantMax();
        this.codes = scheme.codes().count();
    }

    private QuantizationParameters parameters() {
        float[] scales = new float[logScales.length];
        float[] offsets = new float[logScales.length];
        Scheme scheme = config.scheme();
        for (int c = 0; c < scales.length; c++) {
            scales[c] = LogScale.scale(logScales[c], scheme);
            offsets[c] = moves
                    ? (float) Math.max(scheme.quantMin(), Math.min(scheme.quantMax(), Math.rint(zeroPoints[c])))
                    : (float) zeroPoints[c];
        }
        return new QuantizationParameters(scales, offsets);
    }

    @Override
    public void put(Block.Values into) {
        into.activations().put(config.slot(), parameters());
    }

    @Override
    public void learn(Block.Gradient gradient, double rate, double progress) {
        float[] g = gradient.scales().get(config.slot());
        float[] z = gradient.zeroPoints().get(config.slot());
        if (g == null || z == null) {
            return;
        }
        float[] toLogs = new float[g.length];
        for (int c = 0; c < g.length; c++) {
            toLogs[c] = g[c] * LogScale.scale(logScales[c], config.scheme());
        }
        float[] change = scaleAdam.step(toLogs);
        for (int c = 0; c < logScales.length; c++) {
            logScales[c] += rate * change[c];
        }
        if (moves) {
            float[] shift = zeroPointAdam.step(z);
            for (int c = 0; c < zeroPoints.length; c++) {
                zeroPoints[c] += rate * codes * shift[c];
            }
        }
    }

    @Override
    public void commit(PassContext context) {
        QuantizationParameters p = parameters();
        if (!p.equals(config.qparams().orElseThrow())) {
            context.states().lead(config, p, "learned with its block");
        }
    }
}
