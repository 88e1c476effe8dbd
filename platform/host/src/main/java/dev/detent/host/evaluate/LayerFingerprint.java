package dev.detent.host.evaluate;

import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.run.Simulator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What every layer of a simulated network made of one sample of noise, in two numbers: the norm of its output and its
 * projection on a fixed vector of signs; infinities, as masks hold them, are left out. A run writes them down;
 * {@code detent verify} computes them again from the artefact.
 *
 * @param norm square root of the sum of squares
 * @param projection sum of the values with pseudo-random signs, which stays within a few norms and tells one tensor
 *     from another of its size
 */
public record LayerFingerprint(double norm, double projection) {

    /** By output slot, in node order. */
    public static Map<Slot, LayerFingerprint> of(Graph graph, Quantization quantization, Probe probe) {
        try (Simulation simulated = simulation(graph, quantization)) {
            return of(graph, simulated, probe);
        }
    }

    /**
     * As above, from a simulation that watches every layer.
     *
     * @throws UserException when the network cannot be run on noise
     */
    public static Map<Slot, LayerFingerprint> of(Graph graph, Simulation simulated, Probe probe) {
        Map<Slot, LayerFingerprint> prints = new LinkedHashMap<>();
        Map<String, Slot> layers = layers(graph);
        Iterator<Printer> printers = simulated
                .observe(
                        layers.keySet().stream()
                                .map(v -> new Simulator.Observation<>(v, Printer::new))
                                .toList(),
                        new NoiseSamples(graph, 1, probe),
                        1,
                        d -> {})
                .iterator();
        layers.values().forEach(slot -> prints.put(slot, printers.next().print()));
        return prints;
    }

    /** Watches every layer; for few samples, for which optimising costs more than it saves. */
    public static Simulation simulation(Graph graph, Quantization quantization) {
        return Simulation.of(graph, Optional.of(quantization), layers(graph).keySet(), OrtOptimizationLevel.ASIS);
    }

    /** The float outputs of all nodes. */
    private static Map<String, Slot> layers(Graph graph) {
        Map<String, Slot> slots = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            for (int o = 0; o < n.outputs().size(); o++) {
                if (graph.valueInfo(n.output(o)).map(ValueInfo::type).orElse(ElementType.UNDEFINED)
                        == ElementType.FLOAT) {
                    slots.put(n.output(o), Slot.output(n.name(), o));
                }
            }
        }
        return slots;
    }

    /** Of the one batch it sees. */
    private static final class Printer implements Sketch {
        private double squares;
        private double projection;
        private long signs = 0x9e3779b97f4a7c15L;

        LayerFingerprint print() {
            return new LayerFingerprint(Math.sqrt(squares), projection);
        }

        @Override
        public void begin(long[] shape) {}

        @Override
        public void accept(float[] values, int from, int to) {
            for (int i = from; i < to; i++) {
                float v = values[i];
                signs = signs * 6364136223846793005L + 1442695040888963407L;
                if (Float.isFinite(v)) {
                    squares += (double) v * v;
                    projection += signs < 0 ? -v : v;
                }
            }
        }

        @Override
        public void merge(Sketch other) {
            squares += ((Printer) other).squares;
            projection += ((Printer) other).projection;
        }
    }

    /**
     * Another CPU sums in another order, and a deep network amplifies it: a tenth of the norm is far from what a wrong
     * number does.
     */
    public boolean matches(LayerFingerprint other) {
        double allowed = 0.1 * Math.max(norm, 1e-6);
        return Math.abs(norm - other.norm) <= allowed && Math.abs(projection - other.projection) <= 4 * allowed;
    }
}
