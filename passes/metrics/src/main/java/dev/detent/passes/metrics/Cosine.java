package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Options;
import java.util.List;

/** Cosine of the angle between the float model's outputs and the quantized model's, mean over samples and outputs. */
final class Cosine implements Metric {

    @Override
    public String id() {
        return "cosine";
    }

    @Override
    public String summary() {
        return "embeddings: cosine similarity of the outputs to the float model's";
    }

    @Override
    public double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options) {
        double sum = 0;
        for (int k = 0; k < reference.size(); k++) {
            sum += cosine(reference.get(k).values(), quantized.get(k).values());
        }
        return new double[] {sum / reference.size()};
    }

    /** What only one of the two gives counts against a zero. */
    private static double cosine(float[] a, float[] b) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < Math.max(a.length, b.length); i++) {
            double x = i < a.length ? a[i] : 0;
            double y = i < b.length ? b[i] : 0;
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
        // Two zero vectors are the same; of one there is no angle.
        return aa == 0 && bb == 0 ? 1 : aa == 0 || bb == 0 ? 0 : ab / Math.sqrt(aa * bb);
    }

    @Override
    public double value(List<double[]> samples, Options options) {
        return samples.stream().mapToDouble(s -> s[0]).average().orElse(1);
    }
}
