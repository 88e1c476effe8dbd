package dev.detent.host.evaluate;

import dev.detent.runtime.SegmentedSimulation.Outputs;
import dev.detent.spi.evaluate.OutputTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What metrics make of the samples of one run, kept by sample: the number of threads does not show. */
final class MetricSums {

    private final List<AskedMetric> asked;
    private final EvaluationMetrics.Reference reference;
    private final double[][][] sums;

    MetricSums(List<AskedMetric> asked, EvaluationMetrics.Reference reference, int samples) {
        this.asked = asked;
        this.reference = reference;
        this.sums = new double[asked.size()][samples][];
    }

    /** Called by several threads, for each sample once. */
    void add(int sample, Outputs outputs) {
        if (asked.isEmpty()) {
            // Reading the outputs copies them.
            return;
        }
        List<OutputTensor> exact = reference.outputs(sample);
        List<OutputTensor> mine = exact.stream()
                .map(o -> new OutputTensor(o.name(), outputs.floats(o.name()), outputs.shape(o.name())))
                .toList();
        for (int m = 0; m < sums.length; m++) {
            AskedMetric a = asked.get(m);
            sums[m][sample] = a.metric().sample(exact, mine, a.options());
        }
    }

    /** By id of the metric, in the order they were asked for. */
    Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        for (int m = 0; m < sums.length; m++) {
            AskedMetric a = asked.get(m);
            values.put(a.metric().id(), a.metric().value(Arrays.asList(sums[m]), a.options()));
        }
        return values;
    }
}
