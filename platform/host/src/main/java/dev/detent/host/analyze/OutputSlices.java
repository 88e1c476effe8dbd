package dev.detent.host.analyze;

import dev.detent.host.evaluate.SquaredErrorAccumulator;
import dev.detent.runtime.SwitchableNetwork;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How good the parts of an output are that holds several things side by side: a detector's boxes in pixels, its
 * objectness and its class scores are columns of one tensor, and the large ones hide what becomes of the others.
 * Columns next to one another whose float values are about as large belong together. Called by several threads, each
 * with samples of its own.
 */
final class OutputSlices implements SwitchableNetwork.BaseSink {

    /** More columns than this are features, not things of a kind each. */
    private static final int COLUMNS = 512;

    /** Columns whose root mean squares differ by more are different things. */
    private static final double ALIKE = 4;

    /** Sums of one sample by column: signal, noise, difference, value. */
    private record Sums(double[] signal, double[] noise, double[] difference, double[] value, long rows) {}

    private final List<String> outputs;
    private final List<Map<String, Sums>> samples = new ArrayList<>();

    OutputSlices(List<String> outputs, int samples) {
        this.outputs = outputs;
        for (int i = 0; i < samples; i++) {
            this.samples.add(Map.of());
        }
    }

    @Override
    public void accept(int sample, SwitchableNetwork.Bases bases) {
        Map<String, Sums> seen = new HashMap<>();
        for (String o : outputs) {
            long[] shape = bases.exact().shape(o);
            int axis = axis(shape);
            if (axis > 0) {
                seen.put(o, sums(bases.exact().floats(o), bases.quantized().floats(o), shape, axis));
            }
        }
        synchronized (samples) {
            samples.set(sample, seen);
        }
    }

    /** Channels of feature maps; of a matrix for each sample the shorter side; 0 where there are no columns. */
    private static int axis(long[] shape) {
        int axis = shape.length == 4 ? 1 : shape.length == 3 ? (shape[1] < shape[2] ? 1 : 2) : 0;
        return axis > 0 && shape[axis] > 1 && shape[axis] <= COLUMNS ? axis : 0;
    }

    private static Sums sums(float[] exact, float[] quantized, long[] shape, int axis) {
        int columns = (int) shape[axis];
        int stride = 1;
        for (int d = axis + 1; d < shape.length; d++) {
            stride *= (int) shape[d];
        }
        Sums s = new Sums(
                new double[columns],
                new double[columns],
                new double[columns],
                new double[columns],
                exact.length / columns);
        for (int i = 0; i < Math.min(exact.length, quantized.length); i++) {
            int c = i / stride % columns;
            double e = exact[i];
            double d = quantized[i] - e;
            if (Double.isFinite(d)) {
                s.signal()[c] += e * e;
                s.noise()[c] += d * d;
                s.difference()[c] += d;
                s.value()[c] += e;
            }
        }
        return s;
    }

    /** The worst first; nothing of an output whose columns are all alike. */
    List<Analysis.Slice> found() {
        List<Analysis.Slice> all = new ArrayList<>();
        for (String o : outputs) {
            List<Sums> sums = samples.stream()
                    .filter(s -> s.containsKey(o))
                    .map(s -> s.get(o))
                    .toList();
            int columns = sums.isEmpty() ? 0 : sums.get(0).signal().length;
            if (columns == 0 || sums.stream().anyMatch(s -> s.signal().length != columns)) {
                continue;
            }
            List<Analysis.Slice> slices = new ArrayList<>();
            for (int from = 0, to; from < columns; from = to) {
                to = from + 1;
                while (to < columns && alike(sums, from, to)) {
                    to++;
                }
                slices.add(slice(o, sums, from, to));
            }
            if (slices.size() > 1) {
                all.addAll(slices);
            }
        }
        all.sort(Comparator.comparingDouble(Analysis.Slice::snr));
        return all;
    }

    private static boolean alike(List<Sums> sums, int first, int next) {
        double a = sums.stream().mapToDouble(s -> s.signal()[first]).sum();
        double b = sums.stream().mapToDouble(s -> s.signal()[next]).sum();
        double ratio = Math.sqrt(Math.max(a, b) / Math.max(Double.MIN_NORMAL, Math.min(a, b)));
        return ratio <= ALIKE;
    }

    private static Analysis.Slice slice(String output, List<Sums> sums, int from, int to) {
        double signal = 0;
        double noise = 0;
        double difference = 0;
        double value = 0;
        long count = 0;
        for (Sums s : sums) {
            for (int c = from; c < to; c++) {
                signal += s.signal()[c];
                noise += s.noise()[c];
                difference += s.difference()[c];
                value += s.value()[c];
                count += s.rows();
            }
        }
        double n = Math.max(1, count);
        double deviation = Math.sqrt(Math.max(0, signal / n - value / n * value / n));
        return new Analysis.Slice(
                output,
                from,
                to,
                SquaredErrorAccumulator.decibels(SquaredErrorAccumulator.ratio(signal, noise)),
                deviation == 0 ? 0 : difference / n / deviation);
    }
}
