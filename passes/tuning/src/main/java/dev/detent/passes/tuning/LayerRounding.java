package dev.detent.passes.tuning;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Closed forms for one layer: the weights q and the bias that come nearest to w x + b, the float layer on the float
 * network's input x, when the layer reads x^. With a bias the means are its affair, and covariances take the place of
 * moments. Immutable; any number of threads.
 */
final class LayerRounding {

    private final Im2Col patches;
    private final PairedMoments seen;
    private final float[] exact;
    private final boolean biased;
    /** By group and block of columns. */
    private final GptqRounding[] feedback;

    private LayerRounding(Im2Col patches, PairedMoments seen, float[] exact, boolean biased, GptqRounding[] feedback) {
        this.patches = patches;
        this.seen = seen;
        this.exact = exact;
        this.biased = biased;
        this.feedback = feedback;
    }

    /**
     * A layer.
     *
     * @param exact its weights
     * @param biased it has a bias of its own
     */
    static LayerRounding of(Im2Col patches, PairedMoments seen, float[] exact, boolean biased) {
        int blocks = seen.blockCount();
        GptqRounding[] feedback = new GptqRounding[patches.groups() * blocks];
        IntStream.range(0, feedback.length).parallel().forEach(i -> {
            int group = i / blocks;
            int block = i % blocks;
            double[] moments = seen.moments(group, block);
            if (biased) {
                double[] mean = seen.mean(group, block);
                subtract(moments, mean, mean);
            }
            feedback[i] = GptqRounding.of(moments, seen.start(block + 1) - seen.start(block));
        });
        return new LayerRounding(patches, seen, exact, biased, feedback);
    }

    private static void subtract(double[] matrix, double[] a, double[] b) {
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b.length; j++) {
                matrix[i * b.length + j] -= a[i] * b[j];
            }
        }
    }

    private int group(int output) {
        return output / (patches.outputs() / patches.groups());
    }

    private GptqRounding feedback(int output, int block) {
        return feedback[group(output) * seen.blockCount() + block];
    }

    private float[] row(float[] weights, int output, int block) {
        int from = seen.start(block);
        float[] row = new float[seen.start(block + 1) - from];
        for (int c = 0; c < row.length; c++) {
            row[c] = weights[patches.index(output, from + c)];
        }
        return row;
    }

    /**
     * Weights that do on x^ what the exact ones do on x, as far as weights can: w + w E[e x^T] E[x^ x^T]^-1 (GPTAQ, Li
     * et al. 2025). An error that comes from upstream is taken out before anything is rounded.
     */
    float[] compensated() {
        int blocks = seen.blockCount();
        double[][] crosses = new double[feedback.length][];
        IntStream.range(0, crosses.length).parallel().forEach(i -> {
            crosses[i] = seen.crossMoments(i / blocks, i % blocks);
            if (biased) {
                subtract(crosses[i], seen.meanError(i / blocks, i % blocks), seen.mean(i / blocks, i % blocks));
            }
        });
        float[] target = exact.clone();
        IntStream.range(0, patches.outputs()).parallel().forEach(o -> {
            for (int b = 0; b < blocks; b++) {
                float[] w = row(exact, o, b);
                double[] cross = crosses[group(o) * blocks + b];
                double[] missing = new double[w.length];
                for (int i = 0; i < w.length; i++) {
                    for (int j = 0; j < w.length; j++) {
                        missing[j] += w[i] * cross[i * w.length + j];
                    }
                }
                double[] change = feedback(o, b).solve(missing);
                for (int c = 0; c < w.length; c++) {
                    target[patches.index(o, seen.start(b) + c)] = (float) (w[c] + change[c]);
                }
            }
        });
        return target;
    }

    /** What an error of each weight costs at the layer's output, in the weights' order. */
    double[] importance() {
        double[][] some = Arrays.stream(feedback).map(GptqRounding::importance).toArray(double[][]::new);
        double[] all = new double[exact.length];
        for (int o = 0; o < patches.outputs(); o++) {
            for (int b = 0; b < seen.blockCount(); b++) {
                double[] of = some[group(o) * seen.blockCount() + b];
                for (int c = 0; c < of.length; c++) {
                    all[patches.index(o, seen.start(b) + c)] = of[c];
                }
            }
        }
        return all;
    }

    /**
     * Rounded weights.
     *
     * @param target what they stand for
     * @param groups of every weight, whose parameters it has
     */
    float[] round(float[] target, Scheme scheme, QuantizationParameters p, int[] groups, int sweeps) {
        float[] rounded = target.clone();
        IntStream.range(0, patches.outputs()).parallel().forEach(o -> {
            float[] one = new float[1];
            for (int b = 0; b < seen.blockCount(); b++) {
                int from = seen.start(b);
                GptqRounding.Grid grid = (w, column) -> {
                    int g = groups[patches.index(o, from + column)];
                    one[0] = w;
                    scheme.system().fakeQuantize(one, 0, 1, p.scale(g), p.zeroPoint(g), scheme);
                    return one[0];
                };
                float[] best = feedback(o, b).round(row(target, o, b), grid, sweeps);
                for (int c = 0; c < best.length; c++) {
                    rounded[patches.index(o, from + c)] = best[c];
                }
            }
        });
        return rounded;
    }

    /** The bias that leaves no mean error: b + w E[x] - q E[x^]. */
    float[] bias(float[] bias, float[] rounded) {
        double[] sums = new double[bias.length];
        Arrays.setAll(sums, o -> bias[o]);
        int perGroup = patches.outputs() / patches.groups();
        for (int g = 0; g < patches.groups(); g++) {
            for (int b = 0; b < seen.blockCount(); b++) {
                double[] mean = seen.mean(g, b);
                double[] error = seen.meanError(g, b);
                for (int o = g * perGroup; o < (g + 1) * perGroup; o++) {
                    for (int c = 0; c < mean.length; c++) {
                        int at = patches.index(o, seen.start(b) + c);
                        sums[o] += exact[at] * (mean[c] + error[c]) - rounded[at] * mean[c];
                    }
                }
            }
        }
        float[] refitted = new float[bias.length];
        for (int o = 0; o < bias.length; o++) {
            refitted[o] = (float) sums[o];
        }
        return refitted;
    }
}
