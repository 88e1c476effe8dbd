package dev.detent.backends.dsp;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float model and its encodings in both versions that qnn-onnx-converter takes ({@code --quantization_overrides}): 0.6.1 (lists of
 * objects per tensor, flags as text) and 1.0.0 (flat list, arrays). Every float tensor of the graph is written: a missing one would be
 * recomputed by the converter from its own input list, and the device would no longer equal the simulation. Offsets follow Qualcomm's
 * convention: real = (q + offset) scale, offset = -zero point.
 */
final class EncodingsExporter implements Exporter {

    /** One tensor's encoding; null parameters mean float. */
    private record Encoding(String tensor, Scheme scheme, Parameters parameters) {}

    @Override
    public String id() {
        return "encodings";
    }

    @Override
    public String summary() {
        return "<model>.onnx, <model>.encodings (0.6.1) and <model>.encodings.1.0.0.json";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        Map<String, Encoding> activations = new LinkedHashMap<>();
        Map<String, Encoding> parameters = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            // A consumer's own quantization does not fit one entry per tensor: the producer's comes last and stays.
            model.quantization().inputs(n).forEach(c -> put(c.isParameter() ? parameters : activations, c, false));
        }
        for (Node n : graph.nodes()) {
            model.quantization().outputs(n).forEach(c -> put(activations, c, true));
        }
        List<String> floats = new ArrayList<>();
        graph.inputs().stream().map(ValueInfo::name).forEach(floats::add);
        graph.nodes().forEach(n -> floats.addAll(n.outputs()));
        List<String> unquantized = floats.stream().filter(v -> !activations.containsKey(v) && isFloat(graph, v)).toList();
        context.onnx(model.name() + ".onnx", graph);
        context.text(model.name() + ".encodings", context.json(version061(activations, parameters, unquantized)));
        context.text(model.name() + ".encodings.1.0.0.json", context.json(version100(activations, parameters, unquantized)));
    }

    private static boolean isFloat(Graph graph, String value) {
        return graph.valueInfo(value).map(v -> v.type() == ElementType.FLOAT).orElse(false);
    }

    private static void put(Map<String, Encoding> to, TensorQuantization c, boolean replace) {
        if (c.parameters().isEmpty() || c.state().isFloat() || c.state().isShape()) {
            return;
        }
        Encoding e = new Encoding(c.value(), c.scheme(), c.parameters().get());
        if (replace || !to.containsKey(c.value())) {
            to.put(c.value(), e);
        }
    }

    private static Map<String, Object> version061(Map<String, Encoding> activations, Map<String, Encoding> parameters, List<String> unquantized) {
        Map<String, Object> a = new LinkedHashMap<>();
        activations.forEach((k, e) -> a.put(k, old(e)));
        unquantized.forEach(v -> a.put(v, List.of(ordered("bitwidth", 32, "dtype", "float"))));
        Map<String, Object> p = new LinkedHashMap<>();
        parameters.forEach((k, e) -> p.put(k, old(e)));
        return ordered("version", "0.6.1", "activation_encodings", a, "param_encodings", p);
    }

    private static List<Map<String, Object>> old(Encoding e) {
        List<Map<String, Object>> channels = new ArrayList<>();
        for (int c = 0; c < e.parameters().channels(); c++) {
            double scale = e.parameters().scale(c);
            double zero = e.parameters().zeroPoint(c);
            channels.add(ordered("bitwidth", e.scheme().bits(), "dtype", "int", "is_symmetric", e.scheme().symmetric() ? "True" : "False",
                    "max", scale * (e.scheme().quantMax() - zero), "min", scale * (e.scheme().quantMin() - zero),
                    "offset", offset(e, c), "scale", scale));
        }
        return channels;
    }

    /** Signed symmetric codes count from -2^(bits-1). */
    private static long offset(Encoding e, int channel) {
        return e.scheme().symmetric() ? e.scheme().quantMin() : -(long) e.parameters().zeroPoint(channel);
    }

    private static Map<String, Object> version100(Map<String, Encoding> activations, Map<String, Encoding> parameters, List<String> unquantized) {
        List<Object> a = new ArrayList<>();
        activations.values().forEach(e -> a.add(flat(e)));
        unquantized.forEach(v -> a.add(ordered("name", v, "enc_type", "PER_TENSOR", "dtype", "FLOAT", "bw", 32)));
        List<Object> p = new ArrayList<>();
        parameters.values().forEach(e -> p.add(flat(e)));
        return ordered("version", "1.0.0", "activation_encodings", a, "param_encodings", p);
    }

    private static Map<String, Object> flat(Encoding e) {
        List<Object> offsets = new ArrayList<>();
        List<Object> scales = new ArrayList<>();
        for (int c = 0; c < e.parameters().channels(); c++) {
            offsets.add(offset(e, c));
            scales.add((double) e.parameters().scale(c));
        }
        return ordered("name", e.tensor(), "enc_type", e.parameters().channels() > 1 ? "PER_CHANNEL" : "PER_TENSOR", "dtype", "INT",
                "bw", e.scheme().bits(), "is_sym", e.scheme().symmetric(), "offset", offsets, "scale", scales);
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
