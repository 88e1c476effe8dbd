package dev.detent.spi.export;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.pass.Option;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** ONNX with explicit Q/DQ ({@link QdqInsertion}). The exporter of explicit targets; entries are named by slot. */
public final class QdqExporter implements Exporter {

    private static final Option<String> WEIGHTS = Option.choice(
            "weights",
            "dq",
            List.of("dq", "qdq"),
            "dq: integer weights behind a DequantizeLinear; qdq: float weights behind a pair");

    private static final String SUFFIX = ".qdq.onnx";

    private final String summary;
    private final Set<QdqInsertion.Form> form;

    /** @param summary what the target adds to say about {@code <model>.qdq.onnx} */
    public QdqExporter(String summary, QdqInsertion.Form... form) {
        this.summary = "<model>.qdq.onnx: " + summary;
        this.form = Set.of(form);
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
        return List.of(WEIGHTS);
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Set<QdqInsertion.Form> forms = EnumSet.noneOf(QdqInsertion.Form.class);
        forms.addAll(form);
        if (context.options().get(WEIGHTS).equals("qdq")) {
            forms.add(QdqInsertion.Form.FLOAT_WEIGHTS);
        }
        if (forms.contains(QdqInsertion.Form.OTHER_TIES)
                && otherTies(model.quantization().configs())) {
            context.report(Problem.note(
                    "DT-EXP-003",
                    "the target's ties do not go to even as QuantizeLinear's do; the simulation has the "
                            + "target's, the file can only have ONNX's",
                    model.name() + SUFFIX));
        }
        context.onnx(model.name() + SUFFIX, QdqInsertion.apply(model, forms));
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
            if (parameter ? c.state().isWritten() : c.state().isActive()) {
                entries.put(c.slot().toString(), c);
            }
        }
        return entries;
    }

    @Override
    public Map<String, Parameters> read(Artefact artefact, Map<String, TensorQuantization> entries) {
        Map<String, Parameters> found = new LinkedHashMap<>();
        QdqReading.of(artefact.onnx(artefact.name() + SUFFIX)).parameters().forEach((slot, p) -> {
            if (entries.containsKey(slot.toString())) {
                found.put(slot.toString(), p);
            }
        });
        return found;
    }

    @Override
    public Optional<Graph> graph(Artefact artefact) {
        return Optional.of(
                QdqReading.of(artefact.onnx(artefact.name() + SUFFIX)).graph());
    }
}
