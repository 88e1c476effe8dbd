package dev.detent.backends.openvino;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX with OpenVINO's own FakeQuantize operators (domain org.openvinotoolkit), one in front of every quantized input,
 * weights included: inputs X, input_low, input_high, output_low, output_high, attribute levels. What MQBench deploys;
 * OpenVINO's ONNX front end reads it.
 */
final class FakeQuantizeExporter implements ReadableExporter {

    private static final String SUFFIX = ".fq.onnx";
    private static final String DOMAIN = "org.openvinotoolkit";
    private static final String TYPE = "FakeQuantize";

    @Override
    public String id() {
        return "fakequantize";
    }

    @Override
    public String summary() {
        return "<model>.fq.onnx: FakeQuantize operators of org.openvinotoolkit";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        GraphEditor edit = graph.edit().opset(DOMAIN, 1);
        Map<List<Object>, String> made = new LinkedHashMap<>();
        entries(model).values().forEach(c -> {
            Node node = graph.node(c.slot().node()).orElseThrow();
            String value = node.input(c.slot().index());
            String quantized = made.computeIfAbsent(
                    List.of(value, c.scheme(), c.qparams().orElseThrow()), k -> insert(edit, value, c));
            edit.replace(node.withInput(c.slot().index(), quantized));
        });
        edit.sort();
        context.onnx(model.name() + SUFFIX, graph);
    }

    private static String insert(GraphEditor edit, String value, TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        Scheme s = c.scheme();
        float[] low = new float[p.channels()];
        float[] high = new float[p.channels()];
        for (int i = 0; i < low.length; i++) {
            Range range = s.system().range(p.scale(i), p.zeroPoint(i), s);
            low[i] = (float) range.low();
            high[i] = (float) range.high();
        }
        long[] dims = new long[0];
        if (p.channels() > 1) {
            dims = new long[edit.graph().initializer(value).orElseThrow().rank()];
            Arrays.fill(dims, 1);
            dims[s.axis().getAsInt()] = p.channels();
        }
        String min = edit.freshName(value + "_low");
        edit.initializer(min, Tensor.ofFloats(dims, low));
        String max = edit.freshName(value + "_high");
        edit.initializer(max, Tensor.ofFloats(dims, high));
        String out = edit.freshName(value + "_fq");
        edit.add(new Node(
                edit.freshName(value + "_FakeQuantize"),
                DOMAIN,
                TYPE,
                List.of(value, min, max, min, max),
                List.of(out),
                Map.of("levels", new Attribute.IntValue(s.codes().count())),
                UnmodeledProto.NONE));
        return out;
    }

    /** The target quantizes inputs only. */
    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().configs()) {
            if (c.slot().isInput() && c.state().isWritten()) {
                entries.put(c.slot().toString(), c);
            }
        }
        return entries;
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        ArtifactGraph file = ArtifactGraph.read(artefact, artefact.name() + SUFFIX);
        Graph graph = file.graph();
        ReadBackParameters found = new ReadBackParameters();
        for (Node n : graph.nodes()) {
            for (int i = 0; i < n.inputs().size(); i++) {
                String slot = Slot.input(n.name(), i).toString();
                TensorQuantization c = entries.get(slot);
                if (c != null) {
                    graph.producer(n.input(i))
                            .filter(f -> f.opType().equals(TYPE))
                            .ifPresent(f -> found.put(slot, parameters(file, f, slot, c.scheme())));
                }
            }
        }
        return found.asMap();
    }

    private static QuantizationParameters parameters(ArtifactGraph file, Node f, String slot, Scheme scheme) {
        float[] low = file.floats(f, 1);
        float[] high = file.floats(f, 2);
        long levels = f.intAttribute("levels", 256);
        if (low.length != high.length || levels < 2) {
            throw file.damaged(
                    f, "has " + low.length + " lower bounds, " + high.length + " upper, " + levels + " levels");
        }
        float[] scales = new float[low.length];
        float[] zeroPoints = new float[low.length];
        for (int i = 0; i < low.length; i++) {
            double scale = ((double) high[i] - low[i]) / (levels - 1);
            scales[i] = (float) scale;
            zeroPoints[i] = (float) Math.rint(scheme.quantMin() - low[i] / scale);
        }
        return ReadBackParameters.parameters(slot, scales, zeroPoints);
    }

    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        GraphEditor edit = graph.edit();
        List<String> bounds = new ArrayList<>();
        for (Node n : List.copyOf(graph.nodes())) {
            if (n.opType().equals(TYPE)) {
                edit.bypass(n);
                bounds.addAll(n.inputs().subList(1, n.inputs().size()));
            }
        }
        bounds.forEach(edit::removeInitializer);
        return Optional.of(graph);
    }
}
