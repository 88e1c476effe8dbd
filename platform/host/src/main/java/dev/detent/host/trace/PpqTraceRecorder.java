package dev.detent.host.trace;

import dev.detent.host.pipeline.PipelineListener;
import dev.detent.host.plan.Step;
import dev.detent.report.Json;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Records the slot table after rules and what every pass changed, as schema {@code ppq-trace/2}
 * (shared/reference/ppq-0.6.5.1-delta.md 8.3). Slots are called {@code <node>:in|out:<index>}.
 */
public final class PpqTraceRecorder implements PipelineListener {

    private final String model;
    private final String target;
    private final String setting;
    private final List<Map<String, Object>> prepared = new ArrayList<>();
    private final List<Map<String, Object>> passes = new ArrayList<>();
    private Map<String, Map<String, Object>> initial = Map.of();
    private Map<String, Map<String, Object>> current = Map.of();
    private List<Map<String, Object>> operators = List.of();

    public PpqTraceRecorder(String model, String target, String setting) {
        this.model = model;
        this.target = target;
        this.setting = setting;
    }

    @Override
    public void after(Step step, Model model) {
        if (step instanceof Step.ApplyRules) {
            ruled(model);
        } else if (step instanceof Step.RunPass && operators.isEmpty()) {
            prepared.add(pass(step.id(), Map.of()));
        } else if (step instanceof Step.RunPass) {
            passed(step, model.quantization());
        }
    }

    private void ruled(Model model) {
        Quantization configs = model.quantization();
        initial = table(configs);
        current = initial;
        operators = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            boolean quantized = configs.isQuantized(n);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", n.name());
            row.put("type", n.opType());
            row.put(
                    "platform",
                    quantized
                            ? PpqNames.platform(target)
                            : model.placements().get(n.name()) == Placement.SHAPE ? "SHAPE_OR_INDEX" : "FP32");
            row.put("quantized", quantized);
            row.put("active", quantized ? !configs.isPassive(n) : null);
            row.put("inputs", n.inputs());
            row.put("outputs", n.outputs());
            operators.add(row);
        }
    }

    private void passed(Step step, Quantization configs) {
        Map<String, Map<String, Object>> after = table(configs);
        Map<String, Object> delta = new LinkedHashMap<>();
        after.forEach((slot, row) -> {
            Map<String, Object> before = current.getOrDefault(slot, Map.of());
            Map<String, Object> changed = new LinkedHashMap<>();
            row.forEach((k, v) -> {
                if (!Objects.equals(v, before.get(k))) {
                    changed.put(k, v);
                }
            });
            if (!changed.isEmpty()) {
                delta.put(slot, changed);
            }
        });
        passes.add(pass(step.id(), delta));
        current = after;
    }

    private static Map<String, Object> pass(String id, Map<String, Object> delta) {
        Map<String, Object> p = new LinkedHashMap<>();
        p.put("name", id);
        p.put("cls", PpqNames.CLASSES.getOrDefault(id, id));
        p.put("delta", delta);
        return p;
    }

    /** The finished trace as one line of JSON. */
    public String json() {
        if (PpqNames.CLOSING.containsKey(target)) {
            Map<String, Object> closing = pass("", Map.of());
            closing.put("cls", PpqNames.CLOSING.get(target));
            passes.add(closing);
        }
        Map<String, Object> t = new LinkedHashMap<>();
        t.put("schema", "ppq-trace/2");
        t.put("model", model);
        t.put("platform", PpqNames.platform(target));
        t.put("setting", setting);
        t.put("prequant", prepared);
        t.put("graph", Map.of("ops", operators));
        t.put("slots", initial);
        t.put("passes", passes);
        return Json.compact(t) + "\n";
    }

    private static Map<String, Map<String, Object>> table(Quantization configs) {
        Map<String, Map<String, Object>> table = new LinkedHashMap<>();
        for (TensorQuantization c : configs.configs()) {
            Scheme s = c.scheme();
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("var", c.value());
            row.put("param", c.isInitializer());
            row.put("state", c.state().name());
            row.put("root", c.isOwnRoot() ? null : c.root().slot().toString());
            row.put("bits", s.bits());
            row.put("qmin", s.quantMin());
            row.put("qmax", s.quantMax());
            row.put("rounding", PpqNames.rounding(s.rounding()));
            row.put("policy", PpqNames.policy(s));
            row.put("observer", c.observer());
            row.put("axis", s.axis().isPresent() ? s.axis().getAsInt() : null);
            row.put("scale", c.qparams().map(p -> numbers(p, true)).orElse(null));
            row.put("offset", c.qparams().map(p -> numbers(p, false)).orElse(null));
            table.put(c.slot().toString(), row);
        }
        return table;
    }

    private static Object numbers(QuantizationParameters p, boolean scale) {
        if (p.channels() == 1) {
            return scale ? p.scale(0) : p.zeroPoint(0);
        }
        List<Float> all = new ArrayList<>();
        for (int i = 0; i < p.channels(); i++) {
            all.add(scale ? p.scale(i) : p.zeroPoint(i));
        }
        return all;
    }
}
