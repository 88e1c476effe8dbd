package dev.detent.host;

import dev.detent.runtime.Optimization;
import dev.detent.runtime.Recording;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Simulation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What every layer of a simulated network made of one sample of noise, in two numbers: the norm of its output and its projection on a fixed
 * vector of signs. A run writes them down; {@code detent verify} computes them again from the artefact.
 *
 * @param norm square root of the sum of squares
 * @param projection sum of the values with pseudo-random signs, which stays within a few norms and tells one tensor from another of its size
 */
public record Fingerprints(double norm, double projection) {

    /** By output slot, in node order; empty when the shape of an input is only known at run time. */
    public static Map<Slot, Fingerprints> of(Graph graph, Quantization quantization) {
        Map<Slot, Fingerprints> prints = new LinkedHashMap<>();
        if (graph.inputs().stream().anyMatch(v -> v.shape().map(s -> s.stream().skip(1).anyMatch(d -> !d.isKnown())).orElse(true))) {
            return prints;
        }
        Map<String, Slot> slots = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            for (int o = 0; o < n.outputs().size(); o++) {
                if (graph.valueInfo(n.output(o)).map(ValueInfo::type).orElse(ElementType.UNDEFINED) == ElementType.FLOAT) {
                    slots.put(n.output(o), Slot.output(n.name(), o));
                }
            }
        }
        Set<String> values = slots.keySet();
        Samples noise = new Noise(graph, 1);
        try (Simulation m = Simulation.of(graph, Optional.of(quantization), values, values, Optimization.ASIS)) {
            Recording.of(m, values, noise).forEach((value, recorded) -> prints.put(slots.get(value), of(recorded)));
        }
        return prints;
    }

    private static Fingerprints of(float[] values) {
        double squares = 0;
        double projection = 0;
        long signs = 0x9e3779b97f4a7c15L;
        for (float v : values) {
            signs = signs * 6364136223846793005L + 1442695040888963407L;
            squares += (double) v * v;
            projection += signs < 0 ? -v : v;
        }
        return new Fingerprints(Math.sqrt(squares), projection);
    }

    /** Another CPU sums in another order, and a deep network amplifies it: a tenth of the norm is far from what a wrong number does. */
    public boolean matches(Fingerprints other) {
        double allowed = 0.1 * Math.max(norm, 1e-6);
        return Math.abs(norm - other.norm) <= allowed && Math.abs(projection - other.projection) <= 4 * allowed;
    }
}
