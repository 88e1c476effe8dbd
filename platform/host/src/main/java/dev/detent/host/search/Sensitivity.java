package dev.detent.host.search;

import dev.detent.host.analyze.ErrorAnalysis;
import dev.detent.host.analyze.OutputErrors;
import dev.detent.host.analyze.Unit;
import dev.detent.runtime.FakeQuantizer;
import dev.detent.runtime.Samples;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How much noise a group of nodes leaves in the outputs, power over the signal's power, mean over the outputs.
 *
 * @param alone in the float network with only this group quantized
 * @param weightsAlone in the float network with only this group's weights quantized: what is left at 16-bit activations
 * @param gain what the quantized network's noise loses when only this group stays in float; negative where errors
 *     happen to cancel
 */
public record Sensitivity(double alone, double weightsAlone, double gain) {

    /**
     * Noise to reckon with: the mean of what a group adds to nothing and what it adds to everything else. Where the two
     * differ, errors work on one another, and either number alone would be wrong.
     */
    public double noise() {
        return (alone + Math.max(0, gain)) / 2;
    }

    /** Measures groups one by one. */
    public static List<Sensitivity> measure(
            List<NodeGroup> groups, ErrorAnalysis analysis, Samples samples, int workers) {
        Map<String, Unit> layers = new HashMap<>();
        analysis.units().stream().filter(u -> u.kind() == Unit.Kind.LAYER).forEach(u -> layers.put(u.node(), u));
        List<Variant> variants = new ArrayList<>();
        for (NodeGroup g : groups) {
            List<Unit> own = g.nodes().stream()
                    .map(Node::name)
                    .filter(layers::containsKey)
                    .map(layers::get)
                    .toList();
            Variant alone =
                    together(Variant.Base.FLOAT, own.stream().map(Unit::alone).toList());
            variants.add(alone);
            variants.add(new Variant(Variant.Base.FLOAT, Map.of(), alone.constants(), Set.of()));
            variants.add(together(
                    Variant.Base.QUANTIZED, own.stream().map(Unit::without).toList()));
        }
        OutputErrors.Scores scores = analysis.measure(variants, samples, workers);
        List<Sensitivity> measured = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            measured.add(new Sensitivity(
                    finite(scores.variants().get(3 * g).ratio()),
                    finite(scores.variants().get(3 * g + 1).ratio()),
                    finite(scores.quantized().ratio())
                            - finite(scores.variants().get(3 * g + 2).ratio())));
        }
        return measured;
    }

    /** What makes NaN of the outputs is as bad as it gets. */
    private static double finite(double ratio) {
        return Double.isFinite(ratio) ? ratio : 1e6;
    }

    private static Variant together(Variant.Base base, List<Variant> parts) {
        Map<Slot, Optional<FakeQuantizer>> encodings = new LinkedHashMap<>();
        Map<Slot, Tensor> constants = new LinkedHashMap<>();
        Set<Slot> reads = new LinkedHashSet<>();
        parts.forEach(p -> {
            encodings.putAll(p.encodings());
            constants.putAll(p.constants());
            reads.addAll(p.reads());
        });
        return new Variant(base, encodings, constants, reads);
    }
}
