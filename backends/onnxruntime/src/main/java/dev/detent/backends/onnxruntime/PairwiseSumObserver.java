package dev.detent.backends.onnxruntime;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.observe.BufferedBatchSketch;
import java.util.List;

/**
 * The range of a weight per output channel that leaves ONNX Runtime's integer sums room on every CPU: it covers not the
 * largest weight but the largest sum of two that are multiplied and added in 16 bits (see {@link SummedWeights}). With
 * codes up to 127 two of one sign then reach 128 when rounded, and 255 x 128 is below 2^15. That costs 1.5 to 2.2 dB of
 * weight noise in the usual image networks, where a bit less for all (ONNX Runtime's reduce_range) costs 6.
 */
final class PairwiseSumObserver extends BufferedBatchSketch implements Observer {

    static final String ID = "pairs";

    static final ObserverDefinition DEFINITION = new ObserverDefinition(
            ID,
            "weights per channel: the largest sum of two that ONNX Runtime adds in 16 bits",
            List.of(),
            s -> s.isPerChannel()
                    && s.symmetric()
                    && !s.isPerBlock()
                    && s.system().isAffineInteger(),
            (s, o) -> new PairwiseSumObserver(s));

    private final Scheme scheme;
    private double[] bounds = new double[0];

    private PairwiseSumObserver(Scheme scheme) {
        this.scheme = scheme;
    }

    @Override
    protected void look(float[] values, long[] shape) {
        SummedWeights weights = SummedWeights.of(values, shape, scheme);
        double[] seen = new double[weights.rows().length];
        for (int c = 0; c < seen.length; c++) {
            seen[c] = weights.largestPair(c);
        }
        raise(seen);
    }

    private void raise(double[] seen) {
        if (bounds.length == 0) {
            bounds = new double[seen.length];
        }
        for (int c = 0; c < seen.length; c++) {
            bounds[c] = Math.max(bounds[c], seen[c]);
        }
    }

    @Override
    public void merge(Sketch other) {
        raise(((PairwiseSumObserver) other).bounds);
    }

    @Override
    public QuantizationParameters render(Scheme wanted) {
        double[] low = new double[bounds.length];
        for (int c = 0; c < low.length; c++) {
            low[c] = -bounds[c];
        }
        return wanted.cover(low, bounds);
    }
}
