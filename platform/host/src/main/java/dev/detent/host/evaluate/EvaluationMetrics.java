package dev.detent.host.evaluate;

import dev.detent.report.TablePage;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.evaluate.OutputTensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How near outputs are to the float model's. Where the data decide how large an output is (detections), what only one
 * of the two models gives counts against a zero, and as a row that disagrees. Per-sample figures are kept by index and
 * summed in that order, so the number of threads does not show.
 *
 * @param samples number of samples
 * @param agreement share of rows whose arg-max is the float model's, 0..1; of the first output, over its last axis
 * @param top1 share of rows whose arg-max is the label; empty without labels
 * @param snr signal-to-noise ratio in dB, -10 log10 of sum (ref - x)^2 / sum ref^2, of several outputs of the mean of
 *     that: boxes in pixels do not hide scores below 1; infinite when equal, minus infinity when not finite where the
 *     reference is
 * @param finite of the reference: no output holds NaN or infinity
 * @param outputs the same ratio for each output, in the model's order; empty for the reference
 * @param classes columns of the first output where the largest one of a row means something: of a matrix, or where
 *     there are labels; 0 for numbers, boxes, features and maps, whose agreement nobody should look at
 */
public record EvaluationMetrics(
        int samples,
        double agreement,
        Optional<Double> top1,
        double snr,
        boolean finite,
        Map<String, Double> outputs,
        int classes) {

    /** Runs a model over samples and hands every sample's outputs to a sink. */
    @FunctionalInterface
    public interface Runner {
        void run(Samples samples, SegmentedSimulation.OutputSink sink);
    }

    /** The reference: outputs of the float model. */
    public static final class Reference {
        private final List<String> names;
        private final float[][][] outputs;
        private final long[][][] shapes;
        private final int[][] winners;
        private final Samples samples;

        private Reference(List<String> names, Samples samples) {
            this.names = names;
            this.samples = samples;
            this.outputs = new float[samples.size()][names.size()][];
            this.shapes = new long[samples.size()][names.size()][];
            this.winners = new int[samples.size()][];
        }

        /**
         * Runs the float model once and keeps its outputs (evaluation sets are bounded; calibration never comes here).
         */
        public static Reference of(List<String> names, Samples samples, Runner model) {
            Reference reference = new Reference(names, samples);
            model.run(samples, (i, out) -> {
                for (int k = 0; k < names.size(); k++) {
                    reference.outputs[i][k] = out.floats(names.get(k));
                    reference.shapes[i][k] = out.shape(names.get(k));
                }
                reference.winners[i] =
                        names.isEmpty() ? new int[0] : winners(reference.outputs[i][0], out.shape(names.get(0)));
            });
            return reference;
        }

        /** The reference's outputs for a sample. */
        List<OutputTensor> outputs(int sample) {
            return IntStream.range(0, names.size())
                    .mapToObj(k -> new OutputTensor(names.get(k), outputs[sample][k], shapes[sample][k]))
                    .toList();
        }

        /** Scores of the reference itself: only top-1 says something. */
        public EvaluationMetrics self(Optional<int[]> labels) {
            return new EvaluationMetrics(
                    samples.size(),
                    1,
                    labels.map(l -> accuracy(winners, l, samples.rows())),
                    Double.POSITIVE_INFINITY,
                    isFinite(),
                    Map.of(),
                    classes(labels.isPresent()));
        }

        private int classes(boolean labelled) {
            if (names.isEmpty() || samples.size() == 0) {
                return 0;
            }
            long[] shape = shapes[0][0];
            long columns = shape.length < 2 ? 0 : shape[shape.length - 1];
            return columns > 1 && (shape.length == 2 || labelled) ? (int) columns : 0;
        }

        public EvaluationMetrics score(Runner model, Optional<int[]> labels) {
            SquaredErrorAccumulator[][] distances = new SquaredErrorAccumulator[samples.size()][names.size()];
            // Without an output to compare, as of a classifier that gives labels alone, nothing disagrees.
            int[][] mine = new int[samples.size()][0];
            model.run(samples, (i, out) -> {
                for (int k = 0; k < names.size(); k++) {
                    float[] x = out.floats(names.get(k));
                    float[] ref = outputs[i][k];
                    SquaredErrorAccumulator distance = new SquaredErrorAccumulator();
                    for (int e = 0; e < Math.max(ref.length, x.length); e++) {
                        distance.add(e < ref.length ? ref[e] : 0, e < x.length ? x[e] : 0);
                    }
                    distances[i][k] = distance;
                    if (k == 0) {
                        mine[i] = winners(x, out.shape(names.get(0)));
                    }
                }
            });
            long rows = 0;
            long agreeing = 0;
            for (int i = 0; i < mine.length; i++) {
                rows += Math.max(mine[i].length, winners[i].length);
                for (int r = 0; r < Math.min(mine[i].length, winners[i].length); r++) {
                    agreeing += mine[i][r] == winners[i][r] ? 1 : 0;
                }
            }
            return new EvaluationMetrics(
                    mine.length,
                    rows == 0 ? 1 : (double) agreeing / rows,
                    labels.map(l -> accuracy(mine, l, samples.rows())),
                    SquaredErrorAccumulator.decibels(IntStream.range(0, names.size())
                            .mapToDouble(k -> error(distances, k))
                            .average()
                            .orElse(0)),
                    true,
                    perOutput(distances),
                    classes(labels.isPresent()));
        }

        private boolean isFinite() {
            return Arrays.stream(outputs)
                    .flatMap(Arrays::stream)
                    .flatMapToDouble(values -> IntStream.range(0, values.length).mapToDouble(i -> values[i]))
                    .allMatch(Double::isFinite);
        }

        private Map<String, Double> perOutput(SquaredErrorAccumulator[][] distances) {
            Map<String, Double> all = new LinkedHashMap<>();
            for (int k = 0; k < names.size(); k++) {
                all.put(names.get(k), SquaredErrorAccumulator.decibels(error(distances, k)));
            }
            return Collections.unmodifiableMap(all);
        }

        /** Noise over signal of one output, over all samples. */
        private static double error(SquaredErrorAccumulator[][] distances, int output) {
            double s = Arrays.stream(distances)
                    .mapToDouble(sample -> sample[output].signal())
                    .sum();
            double n = Arrays.stream(distances)
                    .mapToDouble(sample -> sample[output].noise())
                    .sum();
            return SquaredErrorAccumulator.ratio(s, n);
        }

        private static double accuracy(int[][] winners, int[] labels, int rows) {
            int right = 0;
            for (int i = 0; i < winners.length * rows; i++) {
                int[] sample = winners[i / rows];
                right += sample.length > i % rows && sample[i % rows] == labels[i] ? 1 : 0;
            }
            return (double) right / (winners.length * rows);
        }

        private static int[] winners(float[] values, long[] shape) {
            int length = shape.length == 0 ? 1 : (int) shape[shape.length - 1];
            int[] winners = new int[values.length / Math.max(1, length)];
            for (int r = 0; r < winners.length; r++) {
                int best = 0;
                for (int k = 1; k < length; k++) {
                    if (values[r * length + k] > values[r * length + best]) {
                        best = k;
                    }
                }
                winners[r] = best;
            }
            return winners;
        }
    }

    /**
     * Decibels by which the outputs are worse than another model's on the same data; where some are not finite, those
     * by which the worst of the others is.
     */
    double behind(EvaluationMetrics other) {
        if (snr > Double.NEGATIVE_INFINITY && other.snr > Double.NEGATIVE_INFINITY) {
            return other.snr - snr;
        }
        return outputs.entrySet().stream()
                .filter(o -> o.getValue() > Double.NEGATIVE_INFINITY)
                .mapToDouble(o -> other.outputs.getOrDefault(o.getKey(), Double.NEGATIVE_INFINITY) - o.getValue())
                .filter(d -> !Double.isNaN(d))
                .max()
                .orElse(0);
    }

    /** The largest value of a row says which class it is. */
    public boolean hasClasses() {
        return classes > 1;
    }

    /** Name and ratio of each of several outputs, as text, the worst first; nothing where there is one. */
    public List<List<String>> outputRows() {
        return outputs.size() < 2
                ? List.of()
                : outputs.entrySet().stream()
                        .sorted(Map.Entry.comparingByValue())
                        .map(e -> List.of(e.getKey(), TablePage.decibels(e.getValue())))
                        .toList();
    }

    /** Scores as text: model, top-1, agreement, SNR. */
    public static List<List<String>> rows(Map<String, EvaluationMetrics> scores) {
        return scores.entrySet().stream()
                .map(e -> {
                    EvaluationMetrics s = e.getValue();
                    boolean reference = e.getKey().equals("float");
                    return List.of(
                            e.getKey(),
                            s.top1()
                                    .map(t -> String.format(Locale.ROOT, "%.2f %%", 100 * t))
                                    .orElse("-"),
                            reference || !s.hasClasses()
                                    ? "-"
                                    : String.format(Locale.ROOT, "%.2f %%", 100 * s.agreement()),
                            reference ? "-" : TablePage.decibels(s.snr()));
                })
                .collect(Collectors.toList());
    }
}
