package dev.detent.support.graph;

import dev.detent.spi.Experimental;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights that several nodes read. Every reader gets its own before passes run, for each may be given other numbers;
 * what came out alike is one again in the file.
 */
@Experimental(since = "1.0")
public final class TiedWeights {

    /** In bytes; smaller ones keep their names, which people look for. */
    private static final int WORTH = 4096;

    /** Enough of a weight to tell most from each other. */
    private static final int BEGINNING = 256;

    /** What weights have in common that may be one: their type, shape, beginning, and what their codes stand for. */
    private record Kind(ElementType type, List<Long> dims, ByteBuffer beginning, List<Object> meaning) {}

    private TiedWeights() {}

    /**
     * Lets nodes that read equal weights read the first of them, and removes the others. Codes in front of
     * DequantizeLinear are equal when their scales and zero points are too. Exporters call it on the graph they write.
     */
    public static Graph join(Graph graph) {
        return join(graph, twins(graph));
    }

    /** The graph itself where no weights are equal, and a copy with {@link #join joined} ones otherwise. */
    public static Graph joined(Graph graph) {
        Map<String, String> twins = twins(graph);
        return twins.isEmpty() ? graph : join(graph.copy(), twins);
    }

    private static Graph join(Graph graph, Map<String, String> twins) {
        GraphEditor edit = graph.edit();
        twins.forEach((name, first) -> edit.redirect(name, first).removeInitializer(name));
        return graph;
    }

    /** Names of weights, and of the first that is equal. */
    private static Map<String, String> twins(Graph graph) {
        Map<Kind, List<String>> kept = new HashMap<>();
        Map<String, String> twins = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> e : graph.initializers().entrySet()) {
            String name = e.getKey();
            ByteBuffer bytes = e.getValue().bytes();
            if (bytes.remaining() < WORTH || graph.isOutput(name) || graph.isCaptured(name)) {
                continue;
            }
            List<String> alike = kept.computeIfAbsent(kind(graph, name, e.getValue()), k -> new ArrayList<>());
            Optional<String> first = alike.stream()
                    .filter(other ->
                            bytes.equals(graph.initializer(other).orElseThrow().bytes()))
                    .findFirst();
            first.ifPresentOrElse(f -> twins.put(name, f), () -> alike.add(name));
        }
        return twins;
    }

    private static Kind kind(Graph graph, String name, Tensor tensor) {
        List<Long> dims = new ArrayList<>();
        for (long d : tensor.dims()) {
            dims.add(d);
        }
        List<Object> meaning = new ArrayList<>();
        for (Node reader : graph.consumers(name)) {
            if (reader.opType().equals("DequantizeLinear")) {
                meaning.add(reader.attributes());
                reader.inputs().stream()
                        .skip(1)
                        .map(p -> graph.initializer(p).map(Tensor::bytes))
                        .forEach(meaning::add);
            }
        }
        return new Kind(tensor.type(), dims, tensor.bytes().limit(BEGINNING), meaning);
    }
}
