package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.export.RewritingExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.graph.TiedWeights;
import dev.detent.support.qdq.UnpackedWeights;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX in which every MatMul or Gemm with a quantized constant weight is an operator on integer weights, under the same
 * node name, and embedding tables are codes. A format says how a node becomes that operator and how it is undone.
 */
abstract class ConstantProductExporter implements ReadableExporter, RewritingExporter {

    private final String id;
    private final String summary;
    private final String suffix;
    private final String domain;
    private final String integerType;
    private final TableForm tables;

    /**
     * @param domain of the operator that takes the place of MatMul and Gemm
     * @param integerType type of that operator
     * @param tables how embedding tables are written
     */
    ConstantProductExporter(
            String id, String summary, String suffix, String domain, String integerType, TableForm tables) {
        this.id = id;
        this.summary = summary;
        this.suffix = suffix;
        this.domain = domain;
        this.integerType = integerType;
        this.tables = tables;
    }

    @Override
    public final String id() {
        return id;
    }

    @Override
    public final String summary() {
        return summary;
    }

    /** Puts the integer operator in the place of {@code n}, whose weight {@code c} quantizes. */
    abstract void replace(GraphEditor edit, Node n, TensorQuantization c);

    /** Whether {@link #replace} made {@code n}; the model may have had such operators before. */
    abstract boolean isReplacement(Graph graph, Node n);

    /** Scales and zero points of a replaced node's weight. */
    abstract QuantizationParameters parameters(ArtifactGraph file, Node n);

    /** Undoes {@link #replace}: a MatMul or Gemm of the real weights. */
    abstract void restore(ArtifactGraph file, GraphEditor edit, Node n);

    @Override
    public final void export(QuantizedModel model, ExportContext context) {
        context.onnx(model.name() + suffix, rewritten(model));
    }

    @Override
    public final Graph rewritten(QuantizedModel model) {
        Graph graph = model.graph();
        GraphEditor edit = graph.edit();
        if (!domain.isEmpty()) {
            edit.opset(domain, 1);
        }
        Map<String, TensorQuantization> entries = entries(model);
        entries.forEach((name, c) -> {
            Node n = graph.node(c.slot().node()).orElseThrow();
            if (n.is("Gather")) {
                tables.write(edit, n, c);
            } else if (isStored(model, n)) {
                UnpackedWeights.write(edit, c);
            } else if (n.is("LSTM")) {
                Optional.ofNullable(entries.get(DynamicLstm.entry(n.name(), 2)))
                        .ifPresent(recurrent -> DynamicLstm.write(edit, n, c, recurrent));
            } else if (!n.opType().equals(DynamicLstm.TYPE)) {
                replace(edit, n, c);
            }
        });
        tables.shareCodes(edit);
        edit.removeUnreadInitializers();
        edit.sort();
        return TiedWeights.join(graph);
    }

    /** The node computes in float. */
    private static boolean isStored(QuantizedModel model, Node n) {
        return n.isOneOf(StoredWeights.CONVOLUTIONS)
                || n.isOneOf(StoredWeights.RECURRENT)
                        && model.quantization()
                                .input(n, 0)
                                .filter(c -> c.state().isActive())
                                .isEmpty();
    }

    /** Weights, by node; activations are quantized while the model runs and have no stored parameters. */
    @Override
    public final Map<String, TensorQuantization> entries(QuantizedModel model) {
        return MatMulSupport.weights(model);
    }

    @Override
    public final Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ArtifactGraph file = file(artefact);
        ReadBackParameters found = new ReadBackParameters();
        for (Node n : replaced(file.graph())) {
            found.put(n.name(), parameters(file, n));
        }
        for (Node n : lstms(file.graph())) {
            List.of(1, 2).forEach(i -> found.put(DynamicLstm.entry(n.name(), i), DynamicLstm.parameters(file, n, i)));
        }
        for (Node n : tables(file.graph())) {
            found.put(n.name(), tables.parameters(file, n));
        }
        UnpackedWeights.restoreAll(file)
                .forEach((slot, p) -> found.put(DynamicLstm.entry(slot.node(), slot.index()), p));
        return found.asMap();
    }

    @Override
    public final Optional<Graph> graph(Artifact artefact) {
        ArtifactGraph file = file(artefact);
        GraphEditor edit = file.graph().edit();
        replaced(file.graph()).forEach(n -> restore(file, edit, n));
        lstms(file.graph()).forEach(n -> DynamicLstm.restore(file, edit, n));
        tables(file.graph()).forEach(n -> tables.restore(file, edit, n));
        UnpackedWeights.restoreAll(file);
        edit.removeUnreadInitializers();
        return Optional.of(file.graph());
    }

    private ArtifactGraph file(Artifact artefact) {
        ArtifactGraph file = ArtifactGraph.read(artefact, artefact.name() + suffix);
        tables.separateCodes(file.graph().edit());
        return file;
    }

    private List<Node> replaced(Graph graph) {
        return graph.nodes().stream()
                .filter(n -> n.opType().equals(integerType) && isReplacement(graph, n))
                .toList();
    }

    private List<Node> lstms(Graph graph) {
        return graph.nodes().stream()
                .filter(n -> DynamicLstm.isWritten(graph, n))
                .toList();
    }

    private List<Node> tables(Graph graph) {
        return graph.nodes().stream().filter(n -> tables.isWritten(graph, n)).toList();
    }
}
