package dev.detent.backends.ppl;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.TensorMapExporter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * OpenPPL's quantization file: {@code quant_info} by tensor (PPQ's PPLBackendExporter; roots are named by slot where
 * PPQ has run-dependent hashes) and {@code op_info} with the data type of every quantized node. Biases are left to PPL.
 */
final class PplJsonExporter extends TensorMapExporter {

    PplJsonExporter() {
        super("ppl", "<model>.onnx and <model>.ppl.json: quant_info and op_info", ".ppl.json", "quant_info");
    }

    @Override
    protected boolean carries(TensorQuantization c) {
        return c.scheme().bits() <= 8;
    }

    @Override
    protected Map<String, Object> root(QuantizedModel model, Map<String, Object> tensors) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        model.graph().nodes().stream()
                .filter(model.quantization()::isQuantized)
                .forEach(n -> nodes.put(n.name(), Map.of("data_type", "INT8")));
        return JsonValue.object("quant_info", tensors, "op_info", nodes);
    }

    @Override
    protected Object row(TensorQuantization c) {
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
        return p.channels() == 1
                ? of.apply(0)
                : IntStream.range(0, p.channels()).mapToObj(of).toList();
    }
}
