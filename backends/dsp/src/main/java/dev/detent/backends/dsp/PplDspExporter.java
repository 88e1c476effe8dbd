package dev.detent.backends.dsp;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ProtoMessage;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextProtoCodec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The ranges that PPL's DSP reads from a Caffe prototxt ({@code quantize_param} messages of type filter, bottom and
 * top, one per channel for per-channel filters), layer by layer, beside the ONNX model.
 */
final class PplDspExporter extends SidecarExporter<ProtoMessage> {

    private static final String PARAMETER = "quantize_param";

    PplDspExporter() {
        super(
                "ppl-dsp",
                "<model>.onnx and <model>.ranges.prototxt: quantize_param per layer",
                ".ranges.prototxt",
                new TextProtoCodec());
    }

    @Override
    protected ProtoMessage document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        ProtoMessage document = ProtoMessage.create();
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (!rows.isEmpty()) {
                ProtoMessage layer = ProtoMessage.create().add("name", n.name());
                rows.values().forEach(c -> parameters(n, c).forEach(p -> layer.add(PARAMETER, p)));
                document.add("layer", layer);
            }
        }
        return document;
    }

    private static List<ProtoMessage> parameters(Node n, TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        List<ProtoMessage> channels = new ArrayList<>();
        for (int i = 0; i < p.channels(); i++) {
            Range range = c.scheme().system().range(p.scale(i), p.zeroPoint(i), c.scheme());
            channels.add(ProtoMessage.oneLine()
                    .add("type", kind(n, c))
                    .add("blob", c.value())
                    .add("range_min", (float) range.low())
                    .add("range_max", (float) range.high()));
        }
        return channels;
    }

    /** Weights of up to 8 bits, what enters the network, and what leaves the layer. */
    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Graph graph = model.graph();
        List<TensorQuantization> slots = new ArrayList<>();
        model.quantization().inputs(n).stream()
                .filter(c -> c.qparams().isPresent() && c.scheme().bits() <= 8)
                .filter(c -> c.isInitializer() || graph.isInput(c.value()))
                .forEach(slots::add);
        slots.addAll(model.quantization().outputs(n));
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        for (TensorQuantization c : slots) {
            if (c.qparams().isPresent() && !c.state().isFloat()) {
                rows.put(key(n.name(), kind(n, c), c.value()), c);
            }
        }
        return rows;
    }

    private static String kind(Node n, TensorQuantization c) {
        return n.outputs().contains(c.value()) ? "top" : c.isInitializer() ? "filter" : "bottom";
    }

    private static String key(String layer, String kind, String blob) {
        return layer + " " + kind + " " + blob;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph().nodes().forEach(n -> entries.putAll(rows(model, n)));
        return entries;
    }

    @Override
    protected void read(ProtoMessage document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        Map<String, List<float[]>> channels = new LinkedHashMap<>();
        for (ProtoMessage layer : document.messages("layer")) {
            for (ProtoMessage p : layer.messages(PARAMETER)) {
                String entry = key(layer.text("name"), p.text("type"), p.text("blob"));
                TensorQuantization c = entries.get(entry);
                if (c != null) {
                    QuantizationParameters channel =
                            RangeParameters.of(entry, c.scheme(), p.number("range_min"), p.number("range_max"));
                    channels.computeIfAbsent(entry, k -> new ArrayList<>())
                            .add(new float[] {channel.scale(0), channel.zeroPoint(0)});
                }
            }
        }
        channels.forEach(found::put);
    }
}
