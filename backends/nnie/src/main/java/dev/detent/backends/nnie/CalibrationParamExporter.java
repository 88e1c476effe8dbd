package dev.detent.backends.nnie;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ProtoMessage;
import dev.detent.support.export.ReadBackParameters;
import dev.detent.support.export.SidecarExporter;
import dev.detent.support.export.TextProtoCodec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ATC's {@code --gfpq_param_file} in protobuf text form: CalibrationParam, version 65536, one layer per quantized node
 * with scale (codes per unit, the reciprocal of ONNX's) and offset of its inputs and weights; q = round(x scale) +
 * offset.
 */
final class CalibrationParamExporter extends SidecarExporter<ProtoMessage> {

    private static final int VERSION = 65536;
    private static final ProtoMessage.Symbol INT8 = new ProtoMessage.Symbol("DT_INT8");

    CalibrationParamExporter() {
        super(
                "calibration-param",
                "<model>.onnx and <model>.calibration_param.txt: atc --gfpq_param_file",
                ".calibration_param.txt",
                new TextProtoCodec());
    }

    @Override
    protected ProtoMessage document(QuantizedModel model, Map<String, TensorQuantization> entries) {
        ProtoMessage document = ProtoMessage.create().add("version", VERSION);
        for (Node n : model.graph().nodes()) {
            Map<String, TensorQuantization> rows = rows(model, n);
            if (!rows.isEmpty()) {
                ProtoMessage parameters = ProtoMessage.create();
                rows.values().forEach(c -> parameters.add(c.isInitializer() ? "weight" : "input", block(c)));
                document.add(
                        "layer",
                        ProtoMessage.create()
                                .add("name", n.name())
                                .add("calc_data_type", INT8)
                                .add("quant_param", parameters));
            }
        }
        return document;
    }

    private static ProtoMessage block(TensorQuantization c) {
        ProtoMessage block = ProtoMessage.create().add("data_type", INT8);
        QuantizationParameters p = c.qparams().orElseThrow();
        for (int i = 0; i < p.channels(); i++) {
            block.add("scale", 1 / p.scale(i)).add("offset", (long) p.zeroPoint(i));
        }
        return block;
    }

    /** Keys count the blocks of a layer in the file's order. */
    private static Map<String, TensorQuantization> rows(QuantizedModel model, Node n) {
        Map<String, TensorQuantization> rows = new LinkedHashMap<>();
        for (TensorQuantization c : model.quantization().inputs(n)) {
            if (c.state().isWritten()) {
                rows.put(n.name() + " " + rows.size(), c);
            }
        }
        return rows;
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        Map<String, TensorQuantization> entries = new LinkedHashMap<>();
        model.graph().nodes().forEach(n -> entries.putAll(rows(model, n)));
        return entries;
    }

    @Override
    protected void read(ProtoMessage document, Map<String, TensorQuantization> entries, ReadBackParameters found) {
        for (ProtoMessage layer : document.messages("layer")) {
            int block = 0;
            for (ProtoMessage b : layer.message("quant_param").messagesOf(List.of("input", "weight"))) {
                float[] scales = b.numbers("scale");
                for (int i = 0; i < scales.length; i++) {
                    scales[i] = 1 / scales[i];
                }
                found.put(layer.text("name") + " " + block++, scales, b.numbers("offset"));
            }
        }
    }
}
