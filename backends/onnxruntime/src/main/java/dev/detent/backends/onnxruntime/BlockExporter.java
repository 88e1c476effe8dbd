package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * ONNX with weight-only MatMulNBits (domain com.microsoft; onnxruntime/docs/ContribOperators.md): B as uint8 [N, ceil(K
 * / block), block bits / 8] with unsigned codes around 2^(bits - 1), low half first, and one float scale per block;
 * activations and arithmetic stay float.
 */
final class BlockExporter extends ConstantProductExporter {

    private static final String MICROSOFT = "com.microsoft";
    static final String TYPE = "MatMulNBits";
    private static final String BLOCKS = "_blocks";

    BlockExporter() {
        super(
                "matmulnbits",
                "<model>.blocks.onnx: MatMulNBits, weights in blocks",
                ".blocks.onnx",
                MICROSOFT,
                TYPE,
                new BlockTables());
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
        edit.initializer(b, BlockCodes.packed(weight, c));
        String scales = edit.freshName(n.name() + "_scales");
        edit.initializer(
                scales,
                Tensor.ofFloats(
                        new long[] {(long) outputs * blocks},
                        c.qparams().orElseThrow().scales()));
        List<String> in = new ArrayList<>(List.of(n.input(0), b, scales));
        if (!scheme.symmetric()) {
            String zeroPoints = edit.freshName(n.name() + "_zero_points");
            edit.initializer(zeroPoints, BlockCodes.zeroPoints(c, outputs, blocks));
            in.add(zeroPoints);
        }
        if (n.hasInput(2)) {
            in.addAll(scheme.symmetric() ? List.of("", "", n.input(2)) : List.of("", n.input(2)));
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

    private static boolean rows(Graph graph, Node n) {
        return MatMulSupport.isNamed(graph, n, MatMulSupport.ROWS + BLOCKS);
    }

    @Override
    boolean isReplacement(Graph graph, Node n) {
        return rows(graph, n) || MatMulSupport.isNamed(graph, n, BLOCKS);
    }

    @Override
    QuantizationParameters parameters(ArtifactGraph file, Node n) {
        return BlockCodes.parameters(file, n, (int) n.intAttribute("N", 0));
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
        int[] zeroPoints = BlockCodes.zeroPoints(file, n, scales.length, (int) outputs);
        float[] values = new float[(int) (inputs * outputs)];
        for (int o = 0; o < outputs; o++) {
            for (int k = 0; k < inputs; k++) {
                int group = (int) (o * blocks + k / block);
                int code = BlockCodes.get(packed, (int) (o * blocks * block + k), (int) bits);
                values[(int) (k * outputs + o)] = (code - zeroPoints[group]) * scales[group];
            }
        }
        edit.replace(MatMulSupport.product(
                edit,
                n.name(),
                n.input(0),
                Tensor.ofFloats(new long[] {inputs, outputs}, values),
                rows(file.graph(), n),
                n.input(5),
                n.outputs()));
    }
}
