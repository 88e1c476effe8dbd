package dev.detent.backends.tensorrt;

import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.TensorQuantization;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Dynamic ranges for the implicit quantization of TensorRT 10 and older: the model without Q/DQ and {@code {"act_quant_info": {tensor:
 * amax}}}, amax = 127 scale (PPQ 0.6.6's TensorRTExporter_JSON; 0.6.5.1 wrote 127.5 scale, docs/differences.md).
 */
final class RangeExporter implements Exporter {

    @Override
    public String id() {
        return "ranges";
    }

    @Override
    public String summary() {
        return "<model>.onnx and <model>.ranges.json: setDynamicRange, TensorRT 10 and older";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        Map<String, Object> ranges = new LinkedHashMap<>();
        for (Node n : graph.nodes()) {
            for (TensorQuantization c : model.quantization().inputs(n)) {
                put(ranges, c);
            }
            for (TensorQuantization c : model.quantization().outputs(n)) {
                put(ranges, c);
            }
        }
        context.text(model.name() + ".ranges.json", context.json(Map.of("act_quant_info", ranges)));
        context.onnx(model.name() + ".onnx", graph);
    }

    private static void put(Map<String, Object> ranges, TensorQuantization c) {
        if (!c.isParameter() && c.state().isWritten() && c.scheme().symmetric() && c.scheme().bits() == 8 && !c.scheme().isPerChannel()) {
            ranges.put(c.value(), c.parameters().orElseThrow().scale(0) * 127);
        }
    }
}
