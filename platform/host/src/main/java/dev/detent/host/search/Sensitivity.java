package dev.detent.host.search;

import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation.Outputs;
import dev.detent.runtime.SwitchableNetwork;
import dev.detent.runtime.Variant;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

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

    /**
     * Measures groups one by one.
     *
     * @param network the quantized network, ready to be switched
     * @param graph the finished graph
     */
    public static List<Sensitivity> measure(
            List<NodeGroup> groups,
            SwitchableNetwork network,
            Graph graph,
            Samples samples,
            int workers,
            IntConsumer progress) {
        List<Variant> variants = new ArrayList<>();
        groups.forEach(g -> variants.addAll(variants(g, network, graph)));
        List<String> outputs = graph.outputs().stream()
                .map(ValueInfo::name)
                .filter(graph::isFloat)
                .toList();
        // By variant, sample and output: signal and noise. The last row is the quantized network itself.
        double[][][][] power = new double[variants.size() + 1][samples.size()][outputs.size()][2];
        network.run(
                variants,
                samples,
                workers,
                progress,
                (sample, bases) -> add(power[variants.size()][sample], outputs, bases.exact(), bases.quantized()),
                (sample, v, bases, out) -> add(power[v][sample], outputs, bases.exact(), out));
        double quantized = noise(power[variants.size()], outputs.size());
        List<Sensitivity> measured = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            measured.add(new Sensitivity(
                    noise(power[3 * g], outputs.size()),
                    noise(power[3 * g + 1], outputs.size()),
                    quantized - noise(power[3 * g + 2], outputs.size())));
        }
        return measured;
    }

    /** Alone, its weights alone, all but it. */
    private static List<Variant> variants(NodeGroup group, SwitchableNetwork network, Graph graph) {
        Map<Slot, Tensor> floats = new HashMap<>();
        Map<Slot, Tensor> quantized = new LinkedHashMap<>();
        Set<Slot> reads = new LinkedHashSet<>();
        for (Node n : group.nodes()) {
            for (int i = 0; i < n.inputs().size(); i++) {
                Slot slot = Slot.input(n.name(), i);
                if (network.floatConstant(slot).isPresent()) {
                    network.floatConstant(slot).ifPresent(t -> floats.put(slot, t));
                    network.quantizedConstant(slot).ifPresent(t -> quantized.put(slot, t));
                } else if (network.isQuantizedFor(n, i)) {
                    reads.add(slot);
                }
            }
        }
        return List.of(
                new Variant(Variant.Base.FLOAT, Map.of(), quantized, reads),
                new Variant(Variant.Base.FLOAT, Map.of(), quantized, Set.of()),
                new Variant(Variant.Base.QUANTIZED, Map.of(), floats, reads));
    }

    private static void add(double[][] power, List<String> outputs, Outputs exact, Outputs other) {
        for (int k = 0; k < power.length; k++) {
            float[] x = exact.floats(outputs.get(k));
            float[] y = other.floats(outputs.get(k));
            double signal = 0;
            double noise = 0;
            for (int i = 0; i < Math.min(x.length, y.length); i++) {
                double d = (double) x[i] - y[i];
                signal += (double) x[i] * x[i];
                noise += d * d;
            }
            power[k][0] = signal;
            power[k][1] = noise;
        }
    }

    /** Summed over the samples in their order, so that the number of threads does not show. */
    private static double noise(double[][][] power, int outputs) {
        double sum = 0;
        for (int k = 0; k < outputs; k++) {
            double signal = 0;
            double noise = 0;
            for (double[][] sample : power) {
                signal += sample[k][0];
                noise += sample[k][1];
            }
            sum += noise == 0 ? 0 : signal == 0 ? 1 : noise / signal;
        }
        return outputs == 0 || Double.isNaN(sum) ? 0 : sum / outputs;
    }
}
