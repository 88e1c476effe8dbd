package dev.detent.host.analyze;

import dev.detent.host.evaluate.SquaredErrorAccumulator;
import dev.detent.report.TablePage;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.SwitchableNetwork;
import dev.detent.runtime.Variant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How far the outputs of variants are from the float network's, on the same samples. Sums are kept by sample and added
 * in the samples' order, so the number of workers does not show.
 */
public final class OutputErrors {

    /**
     * Of one variant.
     *
     * @param ratio noise over signal, of several outputs the mean of that: the figure of
     *     {@link dev.detent.host.evaluate.EvaluationMetrics}; infinite when a value is not finite where the float
     *     network's is
     * @param outputs the same by output, in the model's order
     * @param shifts by output: mean of the differences over the standard deviation of the float values, which tells how
     *     far scores move to one side; of finite values
     */
    public record Score(double ratio, Map<String, Double> outputs, Map<String, Double> shifts) {

        /** Signal-to-noise ratio in dB; infinite when nothing differs. */
        public double snr() {
            return decibels(ratio);
        }

        /** The same of each output, in the model's order. */
        public Map<String, Double> snrByOutput() {
            Map<String, Double> snrs = new LinkedHashMap<>();
            outputs.forEach((name, ratio) -> snrs.put(name, decibels(ratio)));
            return snrs;
        }

        /** The ratio as people read it, in dB or {@code exact}. */
        public String text() {
            return TablePage.decibels(snr());
        }

        /** By how many dB the other score is better than this one. */
        public double gain(Score other) {
            // Two that are exact, or not finite, are alike.
            return other.snr() == snr() ? 0 : other.snr() - snr();
        }
    }

    /**
     * Scores of a list of variants on the same samples.
     *
     * @param quantized of the quantized network
     * @param variants in the order asked for
     * @param gains in dB, of variants of the float network: what the quantized network may be expected to gain without
     *     the variant's error, see {@link ExpectedGains}
     */
    public record Scores(Score quantized, List<Score> variants, List<Double> gains) {}

    /** Sums over the elements of one output of one sample. */
    private static final class Sums {
        final SquaredErrorAccumulator distance = new SquaredErrorAccumulator();
        /** Squared distance of the quantized network's outputs from this variant's. */
        double rest;

        double bias;
        double mean;
        long count;

        void add(float[] exact, float[] quantized, float[] other) {
            int n = Math.max(exact.length, other.length);
            for (int i = 0; i < n; i++) {
                double e = i < exact.length ? exact[i] : 0;
                double x = i < other.length ? other[i] : 0;
                distance.add(e, x);
                if (Double.isFinite(e)) {
                    double d = (i < quantized.length ? quantized[i] : 0) - x;
                    rest += Double.isFinite(d) ? d * d : Double.POSITIVE_INFINITY;
                    mean += e;
                    bias += Double.isFinite(x) ? x - e : 0;
                    count++;
                }
            }
        }
    }

    private final List<String> outputs;
    private final int samples;
    /** By variant (the quantized base first), sample, output. */
    private final Sums[][][] sums;

    private OutputErrors(List<String> outputs, int samples, int variants) {
        this.outputs = outputs;
        this.samples = samples;
        this.sums = new Sums[variants + 1][samples][outputs.size()];
    }

    /**
     * Computes the variants over the samples.
     *
     * @param outputs float outputs of the graph that count
     */
    public static Scores measure(
            SwitchableNetwork network,
            List<String> outputs,
            List<Variant> variants,
            Samples samples,
            int workers,
            IntConsumer progress) {
        return measure(network, outputs, variants, samples, workers, progress, (i, bases) -> {});
    }

    /** @param look sees the two bases of every sample */
    public static Scores measure(
            SwitchableNetwork network,
            List<String> outputs,
            List<Variant> variants,
            Samples samples,
            int workers,
            IntConsumer progress,
            SwitchableNetwork.BaseSink look) {
        OutputErrors errors = new OutputErrors(outputs, samples.size(), variants.size());
        network.run(
                variants,
                samples,
                workers,
                progress,
                (i, bases) -> {
                    errors.add(0, i, bases, bases.quantized());
                    look.accept(i, bases);
                },
                (i, v, bases, out) -> errors.add(v + 1, i, bases, out));
        return new Scores(
                errors.score(0),
                IntStream.rangeClosed(1, variants.size())
                        .mapToObj(errors::score)
                        .toList(),
                ExpectedGains.of(
                        errors.powers(0, s -> s.distance.noise()),
                        IntStream.rangeClosed(1, variants.size())
                                .mapToObj(v -> errors.powers(v, s -> s.distance.noise()))
                                .toArray(double[][]::new),
                        IntStream.rangeClosed(1, variants.size())
                                .mapToObj(v -> errors.powers(v, s -> s.rest))
                                .toArray(double[][]::new)));
    }

    private void add(int variant, int sample, SwitchableNetwork.Bases bases, SegmentedSimulation.Outputs other) {
        for (int k = 0; k < outputs.size(); k++) {
            Sums s = new Sums();
            s.add(
                    bases.exact().floats(outputs.get(k)),
                    bases.quantized().floats(outputs.get(k)),
                    other.floats(outputs.get(k)));
            sums[variant][sample][k] = s;
        }
    }

    /** By sample: the power of all outputs' noise, or of what is left, each over the signal of all samples. */
    private double[] powers(int variant, ToDoubleFunction<Sums> power) {
        double[] powers = new double[samples];
        for (int k = 0; k < outputs.size(); k++) {
            double signal = 0;
            for (int i = 0; i < samples; i++) {
                signal += sums[0][i][k].distance.signal();
            }
            for (int i = 0; i < samples; i++) {
                powers[i] += SquaredErrorAccumulator.ratio(signal, power.applyAsDouble(sums[variant][i][k]));
            }
        }
        return powers;
    }

    private Score score(int variant) {
        Map<String, Double> ratios = new LinkedHashMap<>();
        Map<String, Double> shifts = new LinkedHashMap<>();
        List<Double> all = new ArrayList<>();
        for (int k = 0; k < outputs.size(); k++) {
            double signal = 0;
            double noise = 0;
            double bias = 0;
            double mean = 0;
            long count = 0;
            for (int i = 0; i < samples; i++) {
                Sums s = sums[variant][i][k];
                signal += s.distance.signal();
                noise += s.distance.noise();
                bias += s.bias;
                mean += s.mean;
                count += s.count;
            }
            double ratio = SquaredErrorAccumulator.ratio(signal, noise);
            double deviation = Math.sqrt(Math.max(0, signal / Math.max(1, count) - square(mean / Math.max(1, count))));
            ratios.put(outputs.get(k), ratio);
            shifts.put(outputs.get(k), deviation == 0 ? 0 : bias / Math.max(1, count) / deviation);
            all.add(ratio);
        }
        return new Score(all.stream().mapToDouble(Double::doubleValue).average().orElse(0), ratios, shifts);
    }

    private static double square(double x) {
        return x * x;
    }

    private static double decibels(double ratio) {
        return SquaredErrorAccumulator.decibels(ratio);
    }
}
