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
import java.util.function.Predicate;

/**
 * Constants that several nodes read. Every reader gets its own before passes run, for each may be given other numbers;
 * what came out alike is one again in the file. ONNX Runtime takes time quadratic in their number to load a graph, so
 * what is one is worth being one however small.
 */
@Experimental(since = "1.0")
public final class TiedWeights {

    /** In bytes; smaller weights and their scales keep their names in a file, which people look for. */
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
        return join(graph, twins(graph, TiedWeights::isWorthIt));
    }

    /**
     * The graph itself where no constants are equal, and a copy in which they are one otherwise, small ones too: for
     * what is run and not looked at.
     */
    public static Graph joined(Graph graph) {
        Map<String, String> twins = twins(graph, t -> true);
        return twins.isEmpty() ? graph : join(graph.copy(), twins);
    }

    private static Graph join(Graph graph, Map<String, String> twins) {
        GraphEditor edit = graph.edit();
        twins.forEach((name, first) -> edit.redirect(name, first).removeInitializer(name));
        return graph;
    }

    /** Sizes, axes and indices are no weights: nobody looks for them. */
    private static boolean isWorthIt(Tensor tensor) {
        return tensor.type() == ElementType.INT64 || tensor.bytes().remaining() >= WORTH;
    }

    /** Texts and what else only the file knows have no bytes to compare. */
    private static boolean isKnown(Tensor tensor) {
        return tensor.origin().isEmpty();
    }

    /** Names of constants, and of the first that is equal. */
    private static Map<String, String> twins(Graph graph, Predicate<Tensor> worth) {
        Map<Kind, List<String>> kept = new HashMap<>();
        Map<String, String> twins = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> e : graph.initializers().entrySet()) {
            String name = e.getKey();
            if (!isKnown(e.getValue()) || !worth.test(e.getValue()) || graph.isOutput(name) || graph.isCaptured(name)) {
                continue;
            }
            ByteBuffer bytes = e.getValue().bytes();
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
        return new Kind(tensor.type(), dims, beginning(tensor.bytes()), meaning);
    }

    private static ByteBuffer beginning(ByteBuffer bytes) {
        return bytes.limit(Math.min(BEGINNING, bytes.limit()));
    }
}
