package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ReadBackParameters;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ONNX with weight-only MatMulNBits (domain com.microsoft; onnxruntime/docs/ContribOperators.md): B as uint8 [N, ceil(K
 * / block), block bits / 8] with unsigned codes around 2^(bits - 1), low half first, and one float scale per block;
 * activations and arithmetic stay float.
 */
final class BlockExporter implements Exporter {

    private static final String SUFFIX = ".blocks.onnx";
    private static final String MICROSOFT = "com.microsoft";
    private static final String TYPE = "MatMulNBits";

    @Override
    public String id() {
        return "matmulnbits";
    }

    @Override
    public String summary() {
        return "<model>.blocks.onnx: MatMulNBits, weights in blocks";
    }

    @Override
    public void export(QuantizedModel model, ExportContext context) {
        Graph graph = model.graph();
        GraphEditor edit = graph.edit().opset(MICROSOFT, 1);
        entries(model).forEach((name, c) -> replace(edit, graph.node(name).orElseThrow(), c));
        edit.removeUnreadInitializers();
        context.onnx(model.name() + SUFFIX, graph);
    }

    private static void replace(GraphEditor edit, Node n, TensorQuantization c) {
        Tensor weight = edit.graph().initializer(n.input(1)).orElseThrow();
        Scheme scheme = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        Granularity.PerBlock granularity = (Granularity.PerBlock) scheme.granularity();
        boolean rows = granularity.channelAxis() == 0;
        int outputs = (int) weight.dim(rows ? 0 : 1);
        int inputs = (int) weight.dim(rows ? 1 : 0);
        int block = granularity.size();
        int blocks = granularity.blocks(weight.dims());
        int perByte = 8 / scheme.bits();
        long offset = -scheme.quantMin();
        float[] values = weight.floats();
        byte[] packed = new byte[outputs * blocks * block / perByte];
        // A short last block is filled with the code of zero.
        Arrays.fill(packed, (byte) (scheme.bits() == 4 ? offset << 4 | offset : offset));
        for (int o = 0; o < outputs; o++) {
            for (int k = 0; k < inputs; k++) {
                int index = rows ? o * inputs + k : k * outputs + o;
                int group = o * blocks + k / block;
                int code = (int) (scheme.system().code(values[index], p.scale(group), 0, scheme) + offset);
                int at = o * blocks * block + k;
                int shift = at % perByte * scheme.bits();
                int mask = (1 << scheme.bits()) - 1 << shift;
                packed[at / perByte] = (byte) (packed[at / perByte] & ~mask | code << shift);
            }
        }
        String b = edit.freshName(n.name() + (rows ? MatMulSupport.ROWS : "") + "_blocks");
        edit.initializer(
                b,
                Tensor.of(ElementType.UINT8, new long[] {outputs, blocks, block / perByte}, ByteBuffer.wrap(packed)));
        String scales = edit.freshName(n.name() + "_scales");
        edit.initializer(scales, Tensor.ofFloats(new long[] {(long) outputs * blocks}, p.scales()));
        List<String> in = new ArrayList<>(List.of(n.input(0), b, scales));
        if (n.hasInput(2)) {
            in.addAll(List.of("", "", n.input(2)));
        }
        Map<String, Attribute> attributes = Map.of(
                "K",
                new Attribute.IntValue(inputs),
                "N",
                new Attribute.IntValue(outputs),
                "bits",
                new Attribute.IntValue(scheme.bits()),
                "block_size",
                new Attribute.IntValue(block));
        edit.replace(Node.of(n.name(), TYPE, in, n.outputs(), attributes).withOpType(MICROSOFT, TYPE));
    }

    @Override
    public Map<String, TensorQuantization> entries(QuantizedModel model) {
        return MatMulSupport.weights(model);
    }

    @Override
    public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        ReadBackParameters found = new ReadBackParameters();
        for (Node n : graph.nodes()) {
            if (n.opType().equals(TYPE)) {
                Tensor scales = graph.initializer(n.input(2)).orElseThrow();
                found.put(n.name(), scales.floats(), new float[(int) scales.elementCount()]);
            }
        }
        return found.asMap();
    }

    /** A MatMul (or, with a bias, a Gemm) of the real weights in place of every MatMulNBits. */
    @Override
    public Optional<Graph> graph(Artifact artefact) {
        Graph graph = artefact.onnx(artefact.name() + SUFFIX);
        GraphEditor edit = graph.edit();
        for (Node n : List.copyOf(graph.nodes())) {
            if (!n.opType().equals(TYPE)) {
                continue;
            }
            int outputs = (int) n.intAttribute("N", 0);
            int inputs = (int) n.intAttribute("K", 0);
            int bits = (int) n.intAttribute("bits", 4);
            int block = (int) n.intAttribute("block_size", 32);
            int perByte = 8 / bits;
            int[] packed = graph.initializer(n.input(1)).orElseThrow().codes();
            float[] scales = graph.initializer(n.input(2)).orElseThrow().floats();
            int blocks = scales.length / outputs;
            float[] values = new float[inputs * outputs];
            for (int o = 0; o < outputs; o++) {
                for (int k = 0; k < inputs; k++) {
                    int at = o * blocks * block + k;
                    int code = (packed[at / perByte] >> at % perByte * bits & (1 << bits) - 1) - (1 << bits - 1);
                    values[k * outputs + o] = code * scales[o * blocks + k / block];
                }
            }
            edit.replace(MatMulSupport.product(
                    edit,
                    n.name(),
                    n.input(0),
                    Tensor.ofFloats(new long[] {inputs, outputs}, values),
                    n.input(1).contains(MatMulSupport.ROWS),
                    n.input(5),
                    n.outputs()));
            edit.removeInitializer(n.input(1)).removeInitializer(n.input(2));
        }
        return Optional.of(graph);
    }
}
