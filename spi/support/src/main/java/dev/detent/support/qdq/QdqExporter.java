package dev.detent.support.qdq;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Option;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.graph.TiedWeights;
import dev.detent.support.problem.SupportProblems;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** ONNX with explicit Q/DQ ({@link QdqGraphBuilder}). The exporter of explicit targets; entries are named by slot. */
public final class QdqExporter implements ReadableExporter {

    private static final String SUFFIX = ".qdq.onnx";

    private final String summary;
    private final Set<QdqGraphBuilder.Form> form;
    private final Option<String> weights;

    /**
     * @param summary what the target adds to say about {@code <model>.qdq.onnx}
     * @param form with FLOAT_WEIGHTS, weights stay float behind a pair unless a person asks for the other form
     */
    public QdqExporter(String summary, QdqGraphBuilder.Form... form) {
        this.summary = "<model>.qdq.onnx: " + summary;
        this.form = Set.of(form);
        this.weights = Option.choice(
                "weights",
                this.form.contains(QdqGraphBuilder.Form.FLOAT_WEIGHTS) ? "qdq" : "dq",
                List.of("dq", "qdq"),
                "dq: integer weights behind a DequantizeLinear; qdq: float weights behind a pair");
    }

    @Override
    public String id() {
        return "qdq";
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public List<Option<?>> options() {
        return List.of(weights);
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Set<QdqGraphBuilder.Form> forms = EnumSet.noneOf(QdqGraphBuilder.Form.class);
        forms.addAll(form);
        if (context.options().get(weights).equals("qdq")) {
            forms.add(QdqGraphBuilder.Form.FLOAT_WEIGHTS);
        } else {
            forms.remove(QdqGraphBuilder.Form.FLOAT_WEIGHTS);
        }
        if (forms.contains(QdqGraphBuilder.Form.OTHER_TIES)
                && otherTies(model.quantization().configs())) {
            context.report(Problem.note(
                    SupportProblems.TIES_DIFFER_IN_QDQ,
                    "the target's ties do not go to even as QuantizeLinear's do; the simulation has the "
                            + "target's, the file can only have ONNX's",
                    model.name() + SUFFIX));
        }
        context.onnx(model.name() + SUFFIX, TiedWeights.join(QdqGraphBuilder.apply(model, forms, context::raiseOpset)));
    }

    private static boolean otherTies(Collection<? extends TensorQuantization> configs) {
        return configs.stream().anyMatch(c -> c.state().isActive() && c.scheme().rounding() != Rounding.HALF_EVEN);
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Graph graph = model.graph();
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().configs()) {
            boolean parameter = c.slot().isInput() && graph.isInitializer(c.value());
            boolean ownUnit = graph.node(c.slot().node())
                    .map(n -> QdqGraphBuilder.hasOwnUnit(c, n))
                    .orElse(false);
            if ((parameter ? c.state().isWritten() : c.state().isActive()) && !ownUnit) {
                entries.put(c.slot().toString(), c);
            }
        }
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Map<String, QuantizationParameters> found = new LinkedHashMap<>();
        QdqGraphReader.of(ArtifactGraph.read(artefact, artefact.name() + SUFFIX))
                .parameters()
                .forEach((slot, p) -> {
                    if (entries.containsKey(slot.toString())) {
                        found.put(slot.toString(), p);
                    }
                });
        return found;
    }

    @Override
    public Optional<Graph> graph(Artifact artefact) {
        return Optional.of(QdqGraphReader.of(ArtifactGraph.read(artefact, artefact.name() + SUFFIX))
                .graph());
    }
}
