package dev.detent.backends.ppl;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.TensorEncodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * OpenPPL's quantization file: {@code quant_info} by tensor (PPQ's PPLBackendExporter; roots are named by slot where
 * PPQ has run-dependent hashes) and {@code op_info} with the data type of every quantized node. Biases are left to PPL.
 */
final class PplJsonExporter implements Exporter {

    private static final String SUFFIX = ".ppl.json";
    private static final String KEY = "quant_info";

    @Override
    public String id() {
        return "ppl";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.ppl.json: quant_info and op_info";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> tensors = new LinkedHashMap<>();
        entries(model).forEach((name, c) -> tensors.put(name, row(c)));
        Map<String, Object> nodes = new LinkedHashMap<>();
        model.graph().nodes().stream()
                .filter(model.quantization()::isQuantized)
                .forEach(n -> nodes.put(n.name(), Map.of("data_type", "INT8")));
        Map<String, Object> root = new LinkedHashMap<>();
        root.put(KEY, tensors);
        root.put("op_info", nodes);
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + SUFFIX, context.json(root));
    }

    private static Map<String, Object> row(TensorQuantization c) {
        Scheme s = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("bit_width", s.bits());
        row.put("per_channel", p.channels() > 1);
        row.put("quant_flag", true);
        row.put("sym", s.symmetric());
        row.put("scale", numbers(p, i -> p.scale(i)));
        row.put("zero_point", numbers(p, i -> (long) p.zeroPoint(i)));
        row.put("tensor_min", numbers(p, i ->
                (float) s.system().range(p.scale(i), p.zeroPoint(i), s).low()));
        row.put("tensor_max", numbers(p, i ->
                (float) s.system().range(p.scale(i), p.zeroPoint(i), s).high()));
        row.put("q_min", s.quantMin());
        row.put("q_max", s.quantMax());
        row.put("slot", c.slot().toString());
        row.put("dominator", c.root().slot().toString());
        return row;
    }

    /** A list for channels, a number for a tensor. */
    private static Object numbers(QuantizationParameters p, IntFunction<Object> of) {
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < p.channels(); i++) {
            all.add(of.apply(i));
        }
        return p.channels() > 1 ? all : all.get(0);
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = TensorEncodings.of(model).all();
        entries.values().removeIf(c -> c.scheme().bits() > 8);
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        ((Map<?, ?>) artefact.json(artefact.name() + SUFFIX).get(KEY))
                .forEach((name, row) ->
                        found.put((String) name, ((Map<?, ?>) row).get("scale"), ((Map<?, ?>) row).get("zero_point")));
        return found.asMap();
    }
}
