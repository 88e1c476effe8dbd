package dev.detent.host;

import dev.detent.runtime.Optimization;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Recording;
import dev.detent.runtime.SegmentedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Accumulated error of every weighted layer: its output (behind its activation, where one follows) in the simulated network against the
 * float network, on a few samples. Shows where a model breaks.
 */
public final class LayerErrors {

    private static final List<String> WEIGHTED = List.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    /** @param snr in dB, accumulated from the network's input to this layer's output */
    public record Layer(String node, String opType, String value, double snr) {}

    private LayerErrors() {}

    public static List<Layer> measure(Graph floatGraph, Graph quantized, Quantization quantization, Samples samples, int count) {
        List<Node> layers = new ArrayList<>();
        for (Node n : floatGraph.nodes()) {
            boolean isFloat = floatGraph.valueInfo(n.output(0)).map(v -> v.type() == ElementType.FLOAT).orElse(false);
            if (isFloat && WEIGHTED.contains(n.opType()) && quantization.isQuantized(n) && quantized.producer(n.output(0)).isPresent()) {
                layers.add(n);
            }
        }
        List<String> outputs = layers.stream().map(n -> behindActivation(floatGraph, n)).toList();
        Set<String> values = new LinkedHashSet<>(outputs);
        double[] signal = new double[layers.size()];
        double[] noise = new double[layers.size()];
        // For so few samples optimising costs more than it saves.
        try (SegmentedModel reference = SegmentedModel.of(floatGraph, Optional.empty(), values, Optimization.ASIS);
                SegmentedModel simulated = SegmentedModel.of(quantized, Optional.of(quantization), values, Optimization.ASIS)) {
            for (int i = 0; i < Math.min(count, samples.size()); i++) {
                Samples one = samples.range(i, 1);
                List<Observer> exact = reference.observe(outputs.stream().map(v -> new Simulator.Observation(v, Recording::new)).toList(),
                        one, 1, d -> { });
                List<Observer> seen = simulated.observe(outputs.stream().map(v -> new Simulator.Observation(v, Recording::new)).toList(),
                        one, 1, d -> { });
                for (int k = 0; k < layers.size(); k++) {
                    float[] a = ((Recording) exact.get(k)).values();
                    float[] b = ((Recording) seen.get(k)).values();
                    for (int e = 0; e < a.length; e++) {
                        double d = (double) a[e] - b[e];
                        signal[k] += (double) a[e] * a[e];
                        noise[k] += d * d;
                    }
                }
            }
        }
        List<Layer> errors = new ArrayList<>();
        for (int k = 0; k < layers.size(); k++) {
            double snr = noise[k] == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal[k] / noise[k]);
            errors.add(new Layer(layers.get(k).name(), layers.get(k).opType(), outputs.get(k), snr));
        }
        return errors;
    }

    private static String behindActivation(Graph graph, Node n) {
        Set<Node> consumers = graph.downstream(n);
        Node next = consumers.size() == 1 ? consumers.iterator().next() : n;
        return next.is("Relu", "Clip", "LeakyRelu") && !graph.isOutput(n.output(0)) ? next.output(0) : n.output(0);
    }
}
