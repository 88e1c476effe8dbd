package dev.detent.backends.onnxruntime;

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
import dev.detent.support.export.ArtifactGraph;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * ONNX with weight-only MatMulNBits (domain com.microsoft; onnxruntime/docs/ContribOperators.md): B as uint8 [N, ceil(K
 * / block), block bits / 8] with unsigned codes around 2^(bits - 1), low half first, and one float scale per block;
 * activations and arithmetic stay float.
 */
final class BlockExporter extends ConstantProductExporter {

    private static final String MICROSOFT = "com.microsoft";
    private static final String TYPE = "MatMulNBits";
    private static final String BLOCKS = "_blocks";

    BlockExporter() {
        super("matmulnbits", "<model>.blocks.onnx: MatMulNBits, weights in blocks", ".blocks.onnx", MICROSOFT, TYPE);
    }

    @Override
    void replace(GraphEditor edit, Node n, TensorQuantization c) {
        Tensor weight = edit.graph().initializer(n.input(1)).orElseThrow();
        Scheme scheme = c.scheme();
        Granularity.PerBlock granularity = (Granularity.PerBlock) scheme.granularity();
        boolean rows = granularity.channelAxis() == 0;
        int outputs = (int) weight.dim(rows ? 0 : 1);
        int inputs = (int) weight.dim(rows ? 1 : 0);
        int block = granularity.size();
        int blocks = granularity.blocks(weight.dims());
        String b = edit.freshName(n.name() + (rows ? MatMulSupport.ROWS : "") + BLOCKS);
        edit.initializer(
                b,
                Tensor.of(
                        ElementType.UINT8,
                        new long[] {outputs, blocks, (long) block * scheme.bits() / 8},
                        ByteBuffer.wrap(packed(weight, c))));
        String scales = edit.freshName(n.name() + "_scales");
        edit.initializer(
                scales,
                Tensor.ofFloats(
                        new long[] {(long) outputs * blocks},
                        c.qparams().orElseThrow().scales()));
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

    private static byte[] packed(Tensor weight, TensorQuantization c) {
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
        return packed;
    }

    private static boolean rows(Graph graph, Node n) {
        return MatMulSupport.isNamed(graph, n, MatMulSupport.ROWS + BLOCKS);
    }

    @Override
    boolean isReplacement(Graph graph, Node n) {
        return rows(graph, n) || MatMulSupport.isNamed(graph, n, BLOCKS);
    }

    @Override
    float[] scales(ArtifactGraph file, Node n) {
        return file.floats(n, 2);
    }

    @Override
    void restore(ArtifactGraph file, GraphEditor edit, Node n) {
        long outputs = n.intAttribute("N", 0);
        long inputs = n.intAttribute("K", 0);
        long bits = n.intAttribute("bits", 4);
        long block = n.intAttribute("block_size", 32);
        int[] packed = file.codes(n, 1);
        float[] scales = file.floats(n, 2);
        long blocks = outputs > 0 ? scales.length / outputs : 0;
        if (bits != 4 && bits != 8
                || inputs <= 0
                || block <= 0
                || blocks * outputs != scales.length
                || blocks != (inputs + block - 1) / block
                || packed.length != outputs * blocks * block * bits / 8) {
            throw file.damaged(n, "has weights and scales that do not fit its attributes");
        }
        edit.replace(MatMulSupport.product(
                edit,
                n.name(),
                n.input(0),
                Tensor.ofFloats(
                        new long[] {inputs, outputs},
                        unpacked(packed, scales, (int) outputs, (int) inputs, (int) bits, (int) block)),
                rows(file.graph(), n),
                n.input(5),
                n.outputs()));
    }

    private static float[] unpacked(int[] packed, float[] scales, int outputs, int inputs, int bits, int block) {
        int perByte = 8 / bits;
        int blocks = scales.length / outputs;
        float[] values = new float[inputs * outputs];
        for (int o = 0; o < outputs; o++) {
            for (int k = 0; k < inputs; k++) {
                int at = o * blocks * block + k;
                int code = (packed[at / perByte] >> at % perByte * bits & (1 << bits) - 1) - (1 << bits - 1);
                values[k * outputs + o] = code * scales[o * blocks + k / block];
            }
        }
        return values;
    }
}
