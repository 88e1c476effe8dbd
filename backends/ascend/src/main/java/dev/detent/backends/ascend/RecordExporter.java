package dev.detent.backends.ascend;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ProtoMessage;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextProtoCodec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * AMCT's scale_offset_record in protobuf text form: a record per layer with the input's scale and offset (signed: zero
 * point - 128), one scale_w per output channel with offset_w 0. Fields are those of amct_onnx; amct_caffe has channels,
 * height and width besides, which amct_onnx refuses.
 */
final class RecordExporter extends SidecarExporter<ProtoMessage> {

    private static final String DATA = " scale_d";
    private static final String WEIGHT = " scale_w";

    /** AMCT's codes are signed; ours of an activation unsigned. */
    private static final int SIGNED = 128;

    RecordExporter() {
        super(
                "record",
                "<model>.onnx and <model>.record.txt: AMCT's scale and offset records",
                ".record.txt",
                new TextProtoCodec());
    }

    @Override
    protected ProtoMessage document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        Graph graph = model.graph();
        ProtoMessage document = ProtoMessage.create();
        for (Node n : graph.nodes()) {
            TensorQuantization data = entries.get(n.name() + DATA);
            if (data != null) {
                Optional<TensorQuantization> weight = Optional.ofNullable(entries.get(n.name() + WEIGHT));
                document.add(
                        "record",
                        ProtoMessage.create()
                                .add("key", n.name())
                                .add("value", value(data.qparams().orElseThrow(), weight)));
            }
        }
        return document;
    }

    private static ProtoMessage value(QuantizationParameters data, Optional<TensorQuantization> weight) {
        ProtoMessage value =
                ProtoMessage.create().add("scale_d", data.scale(0)).add("offset_d", (long) data.zeroPoint(0) - SIGNED);
        float[] scales = weight.map(w -> w.qparams().orElseThrow().scales()).orElse(new float[0]);
        for (float s : scales) {
            value.add("scale_w", s);
        }
        for (int i = 0; i < scales.length; i++) {
            value.add("offset_w", 0);
        }
        return value;
    }

    @Override
    protected void read(ProtoMessage document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (ProtoMessage record : document.messages("record")) {
            String layer = record.text("key");
            ProtoMessage value = record.message("value");
            found.put(layer + DATA, value.number("scale_d"), value.number("offset_d") + SIGNED);
            if (value.has("scale_w")) {
                found.put(layer + WEIGHT, value.numbers("scale_w"));
            }
        }
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        for (Node n : model.graph().nodes()) {
            if (model.quantization().isQuantized(n)) {
                model.quantization()
                        .input(n, 0)
                        .filter(c -> c.state().isActive())
                        .ifPresent(c -> entries.put(n.name() + DATA, c));
                model.quantization()
                        .input(n, 1)
                        .filter(c -> c.state().isWritten())
                        .ifPresent(c -> entries.put(n.name() + WEIGHT, c));
            }
        }
        return entries;
    }
}
