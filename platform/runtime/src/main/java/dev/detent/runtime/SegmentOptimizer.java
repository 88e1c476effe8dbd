package dev.detent.runtime;

import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Lets ONNX Runtime optimise segments as it would optimise each alone. A session costs more to set up than a segment to
 * optimise, so many segments go through one, side by side in one graph that nothing connects, and are told apart
 * afterwards by what hangs together.
 */
final class SegmentOptimizer {

    /** Segments of one session; few enough that all cores have some. */
    private static final int TOGETHER = 32;
    /** Weights of one session, in bytes: they are held several times on the way. */
    private static final long WEIGHTS = 64L << 20;

    private SegmentOptimizer() {}

    /** Every segment as ONNX Runtime optimises it for this machine; inputs and outputs keep their names. */
    static Map<Graph, Graph> optimise(List<Graph> segments) {
        List<List<Graph>> batches = new ArrayList<>();
        List<Graph> batch = new ArrayList<>();
        long bytes = 0;
        for (Graph s : segments) {
            long more = OnnxWriter.weightBytes(s);
            if (!batch.isEmpty() && (batch.size() == TOGETHER || bytes + more > WEIGHTS)) {
                batches.add(batch);
                batch = new ArrayList<>();
                bytes = 0;
            }
            batch.add(s);
            bytes += more;
        }
        if (!batch.isEmpty()) {
            batches.add(batch);
        }
        List<Graph> optimised =
                batches.parallelStream().flatMap(SegmentOptimizer::together).toList();
        Map<Graph, Graph> bySegment = new IdentityHashMap<>();
        for (int i = 0; i < optimised.size(); i++) {
            bySegment.put(segments.get(i), optimised.get(i));
        }
        return bySegment;
    }

    private static Stream<Graph> together(List<Graph> segments) {
        if (segments.size() < 2) {
            return segments.stream().map(SegmentOptimizer::run);
        }
        Optional<List<Graph>> parted;
        try {
            parted = part(run(unite(segments)), segments);
        } catch (UserException e) {
            // One of them cannot be run: it is to be told from the others.
            parted = Optional.empty();
        }
        int half = segments.size() / 2;
        return parted.map(List::stream)
                .orElseGet(() -> Stream.of(segments.subList(0, half), segments.subList(half, segments.size()))
                        .flatMap(SegmentOptimizer::together));
    }

    private static String prefix(int segment) {
        return segment + "|";
    }

    private static Graph unite(List<Graph> segments) {
        Graph united = new Graph();
        GraphEditor edit = united.edit();
        edit.opaque(segments.get(0).opaque());
        for (int i = 0; i < segments.size(); i++) {
            Graph s = segments.get(i);
            String prefix = prefix(i);
            s.opsets().forEach(edit::opset);
            s.inputs().forEach(v -> edit.input(v.withName(prefix + v.name())));
            s.initializers().forEach((name, t) -> edit.initializer(prefix + name, t));
            s.nodes().forEach(n -> edit.add(n.renamed(prefix + n.name(), v -> prefix + v)));
            s.outputs().forEach(v -> edit.output(v.withName(prefix + v.name())));
        }
        return united;
    }

    /** Takes the optimised graph apart again; empty when a node serves several segments. */
    private static Optional<List<Graph>> part(Graph united, List<Graph> segments) {
        Map<String, Integer> owners = new HashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            String prefix = prefix(i);
            for (ValueInfo v : segments.get(i).outputs()) {
                owners.put(prefix + v.name(), i);
            }
        }
        List<Node> nodes = List.copyOf(united.nodes());
        List<List<Node>> parts = new ArrayList<>();
        segments.forEach(s -> parts.add(new ArrayList<>()));
        // From the outputs up: a value belongs to the segment of its readers.
        for (int k = nodes.size() - 1; k >= 0; k--) {
            Node n = nodes.get(k);
            List<Integer> owner = n.outputs().stream()
                    .map(owners::get)
                    .filter(o -> o != null)
                    .distinct()
                    .toList();
            if (owner.size() != 1) {
                return Optional.empty();
            }
            int of = owner.get(0);
            parts.get(of).add(0, n);
            for (String in : n.inputs()) {
                Integer other = in.isEmpty() || united.isInitializer(in) ? null : owners.putIfAbsent(in, of);
                if (other != null && other != of) {
                    return Optional.empty();
                }
            }
        }
        List<Graph> graphs = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            graphs.add(part(united, parts.get(i), segments.get(i), prefix(i)));
        }
        return Optional.of(graphs);
    }

    private static Graph part(Graph united, List<Node> nodes, Graph segment, String prefix) {
        // What ONNX Runtime named itself is new in the united graph only; here it could meet a name that has lost its
        // prefix.
        UnaryOperator<String> rename = v -> v.startsWith(prefix) ? v.substring(prefix.length()) : prefix + v;
        Graph part = new Graph();
        GraphEditor edit = part.edit();
        edit.opaque(united.opaque());
        united.opsets().forEach(edit::opset);
        segment.inputs().forEach(edit::input);
        Stream.concat(
                        nodes.stream().flatMap(n -> n.inputs().stream()),
                        segment.outputs().stream().map(v -> prefix + v.name()))
                .distinct()
                .forEach(v -> united.initializer(v).ifPresent(t -> edit.initializer(rename.apply(v), t)));
        nodes.forEach(n -> edit.add(n.renamed(n.name(), rename)));
        segment.outputs().forEach(edit::output);
        return part;
    }

    private static Graph run(Graph graph) {
        try {
            Path file = ScratchFolder.file("segment", ".onnx");
            try {
                OrtRuntime.optimise(graph, file);
                return OnnxReader.read(file);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw OrtRuntime.noRoom(e);
        }
    }
}
