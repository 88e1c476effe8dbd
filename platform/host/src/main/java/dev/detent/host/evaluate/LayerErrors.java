package dev.detent.host.evaluate;

import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.runtime.TensorRecorder;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.run.Simulator;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Accumulated error of every weighted layer: its output (behind its activation, where one follows) in the simulated
 * network against the float network, on a few samples. Shows where a model breaks.
 */
public final class LayerErrors {

    /** @param snr in dB, accumulated from the network's input to this layer's output */
    public record Layer(String node, String opType, String value, double snr) {}

    private LayerErrors() {}

    /**
     * @param simulated watches every layer
     * @param count number of samples to measure, from the first on
     */
    public static List<Layer> measure(
            Graph floatGraph,
            Graph quantized,
            Quantization quantization,
            Simulation simulated,
            Samples samples,
            int count) {
        List<Node> layers = new ArrayList<>();
        for (Node n : floatGraph.nodes()) {
            if (floatGraph.isFloat(n.output(0))
                    && OperatorTable.is(n, Trait.WEIGHTED)
                    && quantization.isQuantized(n)
                    && quantized.producer(n.output(0)).isPresent()) {
                layers.add(n);
            }
        }
        List<String> outputs =
                layers.stream().map(n -> behindActivation(floatGraph, n)).toList();
        Set<String> values = new LinkedHashSet<>(outputs);
        // For so few samples optimising costs more than it saves.
        try (Simulation reference = Simulation.of(floatGraph, Optional.empty(), values, OrtOptimizationLevel.ASIS)) {
            List<List<Difference>> differences = IntStream.range(0, Math.min(count, samples.size()))
                    .parallel()
                    .mapToObj(i -> finished(() -> {
                        Samples one = samples.range(i, 1);
                        Map<String, float[]> exact = TensorRecorder.of(reference, values, one);
                        return simulated.observe(
                                outputs.stream()
                                        .map(v -> new Simulator.Observation<>(
                                                v, () -> new Difference(Objects.requireNonNull(exact.get(v)))))
                                        .toList(),
                                one,
                                1,
                                d -> {});
                    }))
                    .toList()
                    .stream()
                    .map(Supplier::get)
                    .toList();
            List<Layer> errors = new ArrayList<>();
            for (int k = 0; k < layers.size(); k++) {
                int layer = k;
                double snr = differences.stream()
                        .map(d -> d.get(layer))
                        .reduce(new Difference(new float[0]), Difference::plus)
                        .snr();
                errors.add(new Layer(layers.get(k).name(), layers.get(k).opType(), outputs.get(k), snr));
            }
            return errors;
        }
    }

    /**
     * What {@code work} gave or threw. A parallel stream hands an exception on while its other tasks still run; here
     * they would run in sessions that the caller closes.
     */
    private static <T> Supplier<T> finished(Supplier<T> work) {
        try {
            T value = work.get();
            return () -> value;
        } catch (RuntimeException e) {
            return () -> {
                throw e;
            };
        }
    }

    /** Squared distance of the one batch it is shown from an exact one. */
    private static final class Difference implements Sketch {
        private final float[] exact;
        private final SquaredErrorAccumulator distance = new SquaredErrorAccumulator();
        private int at;

        Difference(float[] exact) {
            this.exact = exact;
        }

        double snr() {
            return distance.noise() == 0
                    ? Double.POSITIVE_INFINITY
                    : 10 * Math.log10(distance.signal() / distance.noise());
        }

        Difference plus(Difference other) {
            Difference sum = new Difference(exact);
            sum.merge(this);
            sum.merge(other);
            return sum;
        }

        @Override
        public void begin(long[] shape) {
            at = 0;
        }

        @Override
        public void accept(float[] values, int from, int to) {
            for (int i = from; i < to; i++) {
                distance.add(exact[at++], values[i]);
            }
        }

        @Override
        public void merge(Sketch other) {
            distance.add(((Difference) other).distance);
        }
    }

    private static String behindActivation(Graph graph, Node n) {
        Set<Node> consumers = graph.downstream(n);
        Node next = consumers.size() == 1 ? consumers.iterator().next() : n;
        return next.is("Relu", "Clip", "LeakyRelu") && !graph.isOutput(n.output(0)) ? next.output(0) : n.output(0);
    }
}
