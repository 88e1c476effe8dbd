package dev.detent.host.record;

import dev.detent.host.analyze.Analysis;
import dev.detent.host.analyze.Cure;
import dev.detent.host.analyze.ErrorCauses;
import dev.detent.host.analyze.OutputErrors;
import dev.detent.host.analyze.TensorFacts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An analysis as {@code analysis.json}: for programs; the report shows the same. Ratios in dB; 999 stands for exact.
 */
final class AnalysisCodec {

    private AnalysisCodec() {}

    static Map<String, Object> write(Analysis a, List<Cure> cures) {
        Map<String, Object> json = new LinkedHashMap<>();
        Map<String, Object> samples = new LinkedHashMap<>();
        samples.put("layers", a.samples().layers());
        samples.put("tensors", a.samples().tensors());
        samples.put("ranges", a.samples().survey());
        json.put("samples", samples);
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("quantized", score(a.whole().quantized()));
        whole.put("weightsOnly", score(a.whole().weightsOnly()));
        whole.put("activationsOnly", score(a.whole().activationsOnly()));
        json.put("network", whole);
        if (!a.slices().isEmpty()) {
            json.put("slices", a.slices().stream().map(AnalysisCodec::slice).toList());
        }
        json.put("layers", units(a.layers()));
        json.put("activations", units(a.activations()));
        json.put("weights", units(a.weights()));
        json.put("tensors", a.tensors().stream().map(AnalysisCodec::tensor).toList());
        json.put(
                "cures",
                cures.stream()
                        .map(c -> {
                            Map<String, Object> cure = new LinkedHashMap<>();
                            cure.put("text", c.text());
                            cure.put("option", c.option());
                            cure.put("gain", c.gain());
                            return cure;
                        })
                        .toList());
        return map(json);
    }

    private static Map<String, Object> map(Map<?, ?> values) {
        Map<String, Object> json = new LinkedHashMap<>();
        values.forEach((key, value) -> json.put(String.valueOf(key), finite(value)));
        return json;
    }

    /** JSON has no infinity: where nothing is lost, where a cure takes everything away, where a network gives NaN. */
    private static Object finite(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map(map);
        }
        if (value instanceof List<?> list) {
            return list.stream().map(AnalysisCodec::finite).toList();
        }
        if (value instanceof Double || value instanceof Float) {
            double x = ((Number) value).doubleValue();
            return Double.isFinite(x) ? value : (Object) Math.copySign(999, x);
        }
        return value;
    }

    private static List<Map<String, Object>> units(List<Analysis.UnitError> errors) {
        return errors.stream()
                .map(e -> {
                    Map<String, Object> unit = new LinkedHashMap<>();
                    unit.put("name", e.unit().name());
                    unit.put("node", e.unit().node());
                    unit.put("type", e.unit().opType());
                    unit.put("share", Analysis.share(e, errors));
                    unit.put("alone", score(e.alone()));
                    unit.put("inContext", Map.of("gain", e.gain()));
                    return unit;
                })
                .toList();
    }

    private static Map<String, Object> score(OutputErrors.Score s) {
        Map<String, Object> score = new LinkedHashMap<>();
        score.put("snr", s.snr());
        if (s.outputs().size() > 1) {
            Map<String, Object> outputs = new LinkedHashMap<>();
            s.snrByOutput().forEach((name, snr) -> outputs.put(name, snr));
            score.put("outputs", outputs);
            score.put("shifts", s.shifts());
        }
        return score;
    }

    private static Map<String, Object> slice(Analysis.Slice s) {
        Map<String, Object> slice = new LinkedHashMap<>();
        slice.put("output", s.output());
        slice.put("from", s.from());
        slice.put("to", s.to());
        slice.put("snr", s.snr());
        slice.put("shift", s.shift());
        return slice;
    }

    private static Map<String, Object> tensor(TensorFacts t) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", t.value());
        json.put("node", t.node());
        json.put("scheme", t.encoding().scheme().toString());
        json.put("codes", List.of(t.encoding().low(), t.encoding().high()));
        json.put("seen", List.of(t.seen().min(), t.seen().max()));
        json.put("snr", t.noise().snr());
        json.put("clipped", t.noise().clipped());
        json.put("troubles", ErrorCauses.of(t));
        return json;
    }
}
