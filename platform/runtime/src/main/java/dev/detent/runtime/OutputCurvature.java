package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * How much the network's outputs feel an error in each channel of a value: the diagonal of J^T J, J being the
 * derivative of the outputs, each in units of its root mean square. That is the Fisher information of outputs with
 * normal noise, which BRECQ weighs a block's errors by; no labels are needed. Estimated as the mean of (J^T r)^2 over
 * samples and random signs r (Hutchinson 1990), the same ones every time. One backward pass through the whole network
 * per sample.
 */
final class OutputCurvature {

    /** Part of the mean that every channel gets: the samples are few. */
    private static final double FLOOR = 0.1;

    private static final long SEED = 7;

    private final Map<String, double[]> sums = new LinkedHashMap<>();

    private OutputCurvature() {}

    /**
     * Weights with a mean of 1. Values that no gradient reaches are left out.
     *
     * @param whole the network as one block
     * @param values float values of the network that are computed
     * @param samples of one shape
     * @param first tensors of the first sample and of the network's parameters; the caller's
     */
    static Map<String, ChannelWeights> of(
            Graph graph,
            BlockGraph whole,
            Set<String> values,
            List<Map<String, BlockValue>> samples,
            Map<String, OnnxTensor> first) {
        Set<String> observed = new HashSet<>(values);
        observed.removeIf(v -> !graph.isFloat(v) || graph.valueInfo(v).isEmpty());
        PartitionPlan plan = PartitionPlan.of(whole.graph(), Optional.empty(), observed);
        Map<String, OnnxTensor> parameters = new LinkedHashMap<>(first);
        parameters.keySet().retainAll(whole.parameters().keySet());
        OutputCurvature curvature = new OutputCurvature();
        Map<String, ChannelWeights> weights = new LinkedHashMap<>();
        try (BlockStages stages = new BlockStages(whole, plan, first, Set.of());
                BlockLane lane = new BlockLane(stages, parameters)) {
            Random random = new Random(SEED);
            for (Map<String, BlockValue> sample : samples) {
                curvature.add(graph, stages, lane, sample, observed, random);
            }
            curvature.sums.forEach((value, sum) -> weights.put(
                    value, new ChannelWeights(normalised(sum), ChannelWeights.stride(stages.shape(value)))));
        }
        return weights;
    }

    private void add(
            Graph graph,
            BlockStages stages,
            BlockLane lane,
            Map<String, BlockValue> sample,
            Set<String> observed,
            Random random) {
        lane.forward(sample, Map.of(), BlockLane.Mode.FLOAT, 0);
        Map<String, float[]> targets = new LinkedHashMap<>();
        Map<String, Double> factors = new LinkedHashMap<>();
        for (ValueInfo out : graph.outputs()) {
            if (stages.isFloat(out.name())) {
                // The gradient of a half times the squared distance to y - r is r.
                targets.put(out.name(), away(lane.floats(out.name()), random));
                factors.put(out.name(), 0.5);
            }
        }
        lane.backward(targets, factors, Map.of(), BlockLane.Mode.FLOAT, 0, new BlockLane.Sums());
        for (String value : observed) {
            float[] gradient = lane.gradientOf(value);
            if (gradient.length > 0) {
                long[] shape = stages.shape(value);
                int channels = (int) shape[ChannelWeights.axis(shape)];
                int stride = ChannelWeights.stride(shape);
                double[] sum = sums.computeIfAbsent(value, k -> new double[channels]);
                for (int i = 0; i < gradient.length; i++) {
                    sum[i / stride % channels] += (double) gradient[i] * gradient[i];
                }
            }
        }
    }

    private static float[] away(float[] y, Random random) {
        double power = 0;
        for (float v : y) {
            power += (double) v * v;
        }
        float sign = (float) (1 / Math.sqrt(Math.max(power / Math.max(1, y.length), Float.MIN_NORMAL)));
        float[] target = y.clone();
        for (int i = 0; i < target.length; i++) {
            target[i] += random.nextBoolean() ? sign : -sign;
        }
        return target;
    }

    private static float[] normalised(double[] sums) {
        double mean = 0;
        for (double s : sums) {
            mean += s / sums.length;
        }
        float[] weights = new float[sums.length];
        for (int c = 0; c < weights.length; c++) {
            weights[c] = mean > 0 ? (float) ((sums[c] / mean + FLOOR) / (1 + FLOOR)) : 1;
        }
        return weights;
    }
}
