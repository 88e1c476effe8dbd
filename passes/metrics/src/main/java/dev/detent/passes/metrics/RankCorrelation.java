package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Options;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Spearman's correlation of ranks between the first output of the float model and that of the quantized one, over all
 * values of all samples: for scores that only serve to put things in order. Equal values share the mean of their ranks.
 */
final class RankCorrelation implements Metric {

    @Override
    public String id() {
        return "spearman";
    }

    @Override
    public String summary() {
        return "rankers: rank correlation of the first output with the float model's";
    }

    /** The reference's values, then the quantized model's. */
    @Override
    public double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options) {
        float[] a = reference.get(0).values();
        float[] b = quantized.get(0).values();
        double[] both = new double[2 * a.length];
        for (int i = 0; i < a.length; i++) {
            both[i] = a[i];
            both[a.length + i] = i < b.length ? b[i] : 0;
        }
        return both;
    }

    @Override
    public double value(List<double[]> samples, Options options) {
        double[] a = samples.stream()
                .flatMapToDouble(s -> Arrays.stream(s, 0, s.length / 2))
                .toArray();
        double[] b = samples.stream()
                .flatMapToDouble(s -> Arrays.stream(s, s.length / 2, s.length))
                .toArray();
        return correlation(ranks(a), ranks(b));
    }

    private static double[] ranks(double[] values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted((i, j) -> Double.compare(values[i], values[j]))
                .mapToInt(i -> i)
                .toArray();
        double[] ranks = new double[values.length];
        int from = 0;
        while (from < order.length) {
            int to = from;
            while (to + 1 < order.length && values[order[to + 1]] == values[order[from]]) {
                to++;
            }
            for (int k = from; k <= to; k++) {
                ranks[order[k]] = (from + to) / 2.0;
            }
            from = to + 1;
        }
        return ranks;
    }

    private static double correlation(double[] a, double[] b) {
        double meanA = Arrays.stream(a).average().orElse(0);
        double meanB = Arrays.stream(b).average().orElse(0);
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - meanA) * (b[i] - meanB);
            aa += (a[i] - meanA) * (a[i] - meanA);
            bb += (b[i] - meanB) * (b[i] - meanB);
        }
        return aa == 0 && bb == 0 ? 1 : aa == 0 || bb == 0 ? 0 : ab / Math.sqrt(aa * bb);
    }
}
