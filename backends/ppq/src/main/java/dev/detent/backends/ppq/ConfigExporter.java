package dev.detent.backends.ppq;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.TensorMapExporter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model with baked parameters and a JSON of its configs, by operator and variable, as PPQ's OnnxExporter writes it;
 * roots are named by slot where PPQ has run-dependent hashes.
 */
final class ConfigExporter extends TensorMapExporter {

    ConfigExporter() {
        super("config", "<model>.onnx and <model>.json: PPQ's configs by operator and variable", ".json", "values");
    }

    @Override
    protected Map<String, Object> root(QuantizedModel model, Map<String, Object> values) {
        Map<String, Object> configs = new LinkedHashMap<>();
        Map<String, Object> dispatchings = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (model.quantization().isQuantized(n)) {
                Map<String, Object> byVariable = new LinkedHashMap<>();
                slots(model, n).forEach(c -> byVariable.put(c.value(), config(c)));
                configs.put(n.name(), byVariable);
                dispatchings.put(n.name(), model.target().replace("ppq:", ""));
            }
        }
        return JsonValue.object("configs", configs, "dispatchings", dispatchings, "values", values);
    }

    private static List<TensorQuantization> slots(QuantizedModel model, Node n) {
        List<TensorQuantization> slots = new ArrayList<>(model.quantization().inputs(n));
        slots.addAll(model.quantization().outputs(n));
        return slots;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.quantization().configs().stream()
                .filter(c -> c.isOwnRoot() && c.qparams().isPresent())
                .forEach(c -> entries.put(c.slot().toString(), c));
        return entries;
    }

    @Override
    protected Object row(TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        return JsonValue.object("scale", p.scales(), "zero_point", p.zeroPoints());
    }

    private static Map<String, Object> config(TensorQuantization c) {
        Scheme s = c.scheme();
        Map<String, Object> policy = JsonValue.object(
                "PER_TENSOR", !s.isPerChannel(), "PER_CHANNEL", s.isPerChannel(), "LINEAR", true, "EXPONENTIAL", false);
        policy.put("SYMMETRICAL", s.symmetric());
        policy.put("ASYMMETRICAL", !s.symmetric());
        policy.put("POWER_OF_2", s.powerOfTwo());
        Map<String, Object> config = JsonValue.object(
                "bit_width", s.bits(), "policy", policy, "state", c.state().name());
        config.put("quant_min", s.quantMin());
        config.put("quant_max", s.quantMax());
        config.put("slot", c.slot().toString());
        config.put("dominator", c.root().slot().toString());
        return config;
    }
}
