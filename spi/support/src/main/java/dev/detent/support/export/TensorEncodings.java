package dev.detent.support.export;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The configs of a model with one entry per tensor, as most vendors' files want them. Where a consumer quantizes
 * otherwise than the producer, the producer's entry stands; a covered slot shows its root's numbers. What is float by
 * rule has no entry.
 *
 * @param activations by value, in node order
 * @param parameters by initializer, in node order
 * @param floats float activations without an entry
 */
public record TensorEncodings(
        Map<String, TensorQuantization> activations, Map<String, TensorQuantization> parameters, List<String> floats) {

    /** The entries of a model. */
    public static TensorEncodings of(QuantizedModel model) {
        Graph graph = model.graph();
        Map<String, TensorQuantization> activations = new LinkedHashMap<>();
        Map<String, TensorQuantization> parameters = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            for (TensorQuantization c : model.quantization().inputs(n)) {
                if (hasNumbers(c)) {
                    (c.isInitializer() ? parameters : activations).putIfAbsent(c.value(), c);
                }
            }
        }
        for (Node n : graph.nodes()) {
            model.quantization().outputs(n).stream()
                    .filter(TensorEncodings::hasNumbers)
                    .forEach(c -> activations.put(c.value(), c));
        }
        List<String> all = new ArrayList<>();
        graph.inputs().stream().map(ValueInfo::name).forEach(all::add);
        graph.nodes().forEach(n -> all.addAll(n.outputs()));
        List<String> floats = all.stream()
                .filter(v -> !activations.containsKey(v) && graph.isFloat(v))
                .toList();
        return new TensorEncodings(activations, parameters, floats);
    }

    /** Activations and parameters in one map. */
    public Map<String, TensorQuantization> all() {
        Map<String, TensorQuantization> all = new LinkedHashMap<>(activations);
        all.putAll(parameters);
        return all;
    }

    private static boolean hasNumbers(TensorQuantization c) {
        return c.qparams().isPresent() && !c.state().isFloat() && !c.state().isShape();
    }
}
