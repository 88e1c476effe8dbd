package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "inspect", description = "Shows what a model is made of.")
final class InspectCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", description = "ONNX model, or a Caffe prototxt")
    Path model;

    @Option(names = "--nodes", description = "also list every node")
    boolean nodes;

    @Override
    public Integer call() {
        Console console = new Console();
        Graph graph = Detent.read(model);
        console.line(model.getFileName() + ": opset "
                + graph.opsets().entrySet().stream()
                        .map(e -> (e.getKey().isEmpty() ? "" : e.getKey() + " ") + e.getValue())
                        .collect(Collectors.joining(", ")));
        graph.inputs().forEach(v -> console.line("input   " + describe(v)));
        graph.outputs().forEach(v -> console.line("output  " + describe(v)));
        long elements = graph.initializers().values().stream()
                .mapToLong(t -> t.elementCount())
                .sum();
        long bytes = graph.initializers().values().stream()
                .mapToLong(t -> t.bytes().remaining())
                .sum();
        console.line("weights " + graph.initializers().size() + " tensors, " + elements + " elements, "
                + QuantizeCommand.bytes(bytes));
        Map<String, Integer> types = new TreeMap<>();
        graph.nodes()
                .forEach(n ->
                        types.merge((n.domain().isEmpty() ? "" : n.domain() + "::") + n.opType(), 1, Integer::sum));
        console.line("nodes   " + graph.nodes().size() + ": "
                + types.entrySet().stream()
                        .map(e -> e.getKey() + " " + e.getValue())
                        .collect(Collectors.joining(", ")));
        if (nodes) {
            for (Node n : graph.nodes()) {
                console.line("  " + n.opType() + " " + n.name() + "  " + n.inputs() + " -> " + n.outputs());
            }
        }
        return 0;
    }

    private static String describe(ValueInfo v) {
        return v.name() + "  " + v.type()
                + v.shape()
                        .map(s -> s.stream()
                                .map(d -> d.isKnown()
                                        ? Long.toString(d.size())
                                        : d.symbol().isEmpty() ? "?" : d.symbol())
                                .toList()
                                .toString())
                        .orElse("");
    }
}
