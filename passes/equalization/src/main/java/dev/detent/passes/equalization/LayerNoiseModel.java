package dev.detent.passes.equalization;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.WeightLayout;
import java.util.Map;

/**
 * Predicts what quantizing input and weights of one layer does to its output when the input's channels have been
 * scaled, relative to the output's power. Errors count as uniform and independent. For one output channel o and factors
 * s: activation noise = step^2 / 12 sum_c |W_oc|^2 / s_c^2, with step = max_c(s_c max|x_c|) / levels; weight noise =
 * step_o^2 / 12 sum_c k E[x_c^2] s_c^2, with step_o = max_c(|W_oc| / s_c) / levels and k weights per channel pair.
 */
final class LayerNoiseModel {

    private final int[] groups;
    private final ChannelRange range;
    private final int outputs;
    /** Input channels per group of the convolution. */
    private final int depth;

    private final double kernel;
    /** Per output channel and input channel of its group. */
    private final float[] largest;
    /** Sum of |W_oc|^2 over the output channels, per input channel. */
    private final double[] gain;

    private final double power;

    /** @param groups the group of every input channel */
    LayerNoiseModel(Node node, Tensor w, int[] groups, ChannelRange range) {
        this.groups = groups;
        this.range = range;
        WeightLayout view = WeightLayout.of(node, w).orElseThrow();
        this.outputs = view.outputChannels();
        this.depth = groups.length / view.groups();
        this.kernel = (double) w.elementCount() / ((double) outputs * depth);
        this.largest = new float[outputs * depth];
        this.gain = new double[groups.length];
        float[] values = w.floats();
        for (int i = 0; i < values.length; i++) {
            int in = view.input(i);
            int pair = view.output(i) * depth + in % depth;
            largest[pair] = Math.max(largest[pair], Math.abs(values[i]));
            gain[in] += (double) values[i] * values[i];
        }
        double sum = 0;
        for (int c = 0; c < groups.length; c++) {
            sum += gain[c] * range.energy(c);
        }
        this.power = Math.max(sum, 1e-30);
    }

    int[] groups() {
        return groups;
    }

    /**
     * Raises every group's share of the range of this activation and of the weights behind it, at least {@code floor},
     * into the maps.
     */
    void shares(double floor, Map<Integer, Double> activation, Map<Integer, Double> weight) {
        float widest = 0;
        for (int c = 0; c < groups.length; c++) {
            widest = Math.max(widest, range.largest(c));
        }
        for (int c = 0; c < groups.length; c++) {
            double share = widest == 0 ? 1 : range.largest(c) / widest;
            activation.merge(groups[c], Math.max(floor, share), Math::max);
            weight.merge(groups[c], floor, Math::max);
        }
        int perGroup = outputs / (groups.length / depth);
        for (int o = 0; o < outputs; o++) {
            float row = 0;
            for (int d = 0; d < depth; d++) {
                row = Math.max(row, largest[o * depth + d]);
            }
            for (int d = 0; d < depth && row > 0; d++) {
                weight.merge(groups[o / perGroup * depth + d], (double) largest[o * depth + d] / row, Math::max);
            }
        }
    }

    /**
     * Noise power over signal power at the output.
     *
     * @param activationLevels steps on one side of zero; infinite where activations stay float
     */
    double predict(double[] factors, double activationLevels, double levels) {
        double widest = 0;
        double through = 0;
        double[] inverse = new double[groups.length];
        double[] energy = new double[groups.length];
        for (int c = 0; c < groups.length; c++) {
            double s = factors[groups[c]];
            inverse[c] = 1 / s;
            energy[c] = range.energy(c) * s * s;
            widest = Math.max(widest, s * range.largest(c));
            through += gain[c] / (s * s);
        }
        double ratio = levels / activationLevels;
        double noise = widest * widest * through * ratio * ratio;
        int perGroup = outputs / (groups.length / depth);
        for (int o = 0; o < outputs; o++) {
            int from = o / perGroup * depth;
            double row = 0;
            double sum = 0;
            for (int d = 0; d < depth; d++) {
                row = Math.max(row, largest[o * depth + d] * inverse[from + d]);
                sum += energy[from + d];
            }
            noise += row * row * kernel * sum;
        }
        return noise / (12 * levels * levels * power);
    }
}
