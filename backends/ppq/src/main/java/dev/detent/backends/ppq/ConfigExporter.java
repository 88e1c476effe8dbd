package dev.detent.backends.ppq;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model with baked parameters and a JSON of its configs, by operator and variable, as PPQ's OnnxExporter writes it;
 * roots are named by slot where PPQ has run-dependent hashes.
 */
final class ConfigExporter implements Exporter {

    @Override
    public String id() {
        return "config";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.json: PPQ's configs by operator and variable";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Map<String, Object> configs = new LinkedHashMap<>();
        Map<String, Object> dispatchings = new LinkedHashMap<>();
        Map<String, Object> values = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (!model.quantization().isQuantized(n)) {
                continue;
            }
            List<TensorQuantization> slots =
                    new ArrayList<>(model.quantization().inputs(n));
            slots.addAll(model.quantization().outputs(n));
            Map<String, Object> byVariable = new LinkedHashMap<>();
            for (TensorQuantization c : slots) {
                byVariable.put(c.value(), config(c));
                c.qparams()
                        .filter(p -> c.isOwnRoot())
                        .ifPresent(p -> values.put(c.slot().toString(), numbers(p)));
            }
            configs.put(n.name(), byVariable);
            dispatchings.put(n.name(), model.target().replace("ppq:", ""));
        }
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("configs", configs);
        root.put("dispatchings", dispatchings);
        root.put("values", values);
        context.onnx(model.name() + ".onnx", model.graph());
        context.text(model.name() + ".json", context.json(root));
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
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ReadBackParameters found = new ReadBackParameters();
        ((Map<?, ?>) artefact.json(artefact.name() + ".json").get("values"))
                .forEach((slot, row) ->
                        found.put((String) slot, ((Map<?, ?>) row).get("scale"), ((Map<?, ?>) row).get("zero_point")));
        return found.asMap();
    }

    private static Map<String, Object> config(TensorQuantization c) {
        Scheme s = c.scheme();
        Map<String, Object> policy = new LinkedHashMap<>();
        policy.put("PER_TENSOR", !s.isPerChannel());
        policy.put("PER_CHANNEL", s.isPerChannel());
        policy.put("LINEAR", true);
        policy.put("EXPONENTIAL", false);
        policy.put("SYMMETRICAL", s.symmetric());
        policy.put("ASYMMETRICAL", !s.symmetric());
        policy.put("POWER_OF_2", s.powerOfTwo());
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("bit_width", s.bits());
        config.put("policy", policy);
        config.put("state", c.state().name());
        config.put("quant_min", s.quantMin());
        config.put("quant_max", s.quantMax());
        config.put("slot", c.slot().toString());
        config.put("dominator", c.root().slot().toString());
        return config;
    }

    private static Map<String, Object> numbers(QuantizationParameters p) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("scale", p.scales());
        numbers.put("zero_point", p.zeroPoints());
        return numbers;
    }
}
