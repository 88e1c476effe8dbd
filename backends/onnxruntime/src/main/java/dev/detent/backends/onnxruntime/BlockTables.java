package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Embedding tables as com.microsoft GatherBlockQuantized (onnxruntime/docs/ContribOperators.md): data as uint8 [rows,
 * columns bits / 8], one float scale for each block of a row, and zero points as MatMulNBits has them.
 */
final class BlockTables implements TableForm {

    private static final String MICROSOFT = "com.microsoft";
    private static final String TYPE = "GatherBlockQuantized";
    private static final String TABLE = "_table";
    private static final String RESHAPE = "_shared_Reshape";

    @Override
    public void write(GraphEditor edit, Node gather, TensorQuantization c) {
        Tensor table = edit.graph().initializer(gather.input(0)).orElseThrow();
        Granularity.PerBlock granularity = (Granularity.PerBlock) c.scheme().granularity();
        int rows = (int) table.dim(0);
        int blocks = granularity.blocks(table.dims());
        int bits = c.scheme().bits();
        String data = edit.freshName(gather.name() + TABLE);
        Tensor packed = BlockCodes.packed(table, c);
        edit.initializer(
                data, Tensor.of(packed.type(), new long[] {rows, packed.dim(1) * packed.dim(2)}, packed.bytes()));
        String scales = edit.freshName(gather.name() + "_scales");
        edit.initializer(
                scales,
                Tensor.ofFloats(
                        new long[] {rows, blocks}, c.qparams().orElseThrow().scales()));
        List<String> in = new ArrayList<>(List.of(data, gather.input(1), scales));
        if (!c.scheme().symmetric()) {
            String zeroPoints = edit.freshName(gather.name() + "_zero_points");
            Tensor z = BlockCodes.zeroPoints(c, rows, blocks);
            edit.initializer(
                    zeroPoints, Tensor.of(z.type(), new long[] {rows, BlockCodes.rowBytes(blocks, bits)}, z.bytes()));
            in.add(zeroPoints);
        }
        Map<String, Attribute> attributes = Map.of(
                "bits",
                new Attribute.IntValue(bits),
                "block_size",
                new Attribute.IntValue(granularity.size()),
                "gather_axis",
                new Attribute.IntValue(0),
                "quantize_axis",
                new Attribute.IntValue(1));
        edit.replace(
                Node.of(gather.name(), TYPE, in, gather.outputs(), attributes).withOpType(MICROSOFT, TYPE));
    }

    /** Tables whose codes the weight of a product has too read that weight's, in another shape. */
    @Override
    public void shareCodes(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            Optional<Tensor> data = graph.initializer(n.input(0));
            if (!n.opType().equals(TYPE) || data.isEmpty()) {
                continue;
            }
            graph.nodes().stream()
                    .filter(m -> m.opType().equals(BlockExporter.TYPE))
                    .map(m -> m.input(1))
                    .filter(b -> graph.initializer(b)
                            .filter(t -> t.bytes().equals(data.get().bytes())
                                    && t.dim(0) == data.get().dim(0))
                            .isPresent())
                    .findFirst()
                    .ifPresent(b -> {
                        String shape = edit.freshName(n.name() + "_shape");
                        edit.initializer(
                                shape, Tensor.ofLongs(new long[] {2}, data.get().dims()));
                        String flat = edit.freshName(n.name() + "_flat");
                        edit.add(Node.of(
                                edit.freshName(n.name() + RESHAPE),
                                "Reshape",
                                List.of(b, shape),
                                List.of(flat),
                                Map.of()));
                        edit.replace(n.withInput(0, flat));
                    });
        }
    }

    @Override
    public void separateCodes(GraphEditor edit) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            Optional<Node> reshape =
                    graph.producer(n.input(0)).filter(r -> r.name().equals(n.name() + RESHAPE));
            Optional<Tensor> codes = reshape.flatMap(r -> graph.initializer(r.input(0)));
            if (n.opType().equals(TYPE) && codes.filter(t -> t.rank() == 3).isPresent()) {
                String data = edit.freshName(n.name() + TABLE);
                Tensor t = codes.get();
                edit.initializer(data, Tensor.of(t.type(), new long[] {t.dim(0), t.dim(1) * t.dim(2)}, t.bytes()));
                edit.remove(reshape.get()).replace(n.withInput(0, data));
            }
        }
    }

    @Override
    public boolean isWritten(Graph graph, Node n) {
        return n.opType().equals(TYPE) && MatMulSupport.isNamed(graph, n.input(0), TABLE);
    }

    @Override
    public QuantizationParameters parameters(ArtifactGraph file, Node n) {
        return BlockCodes.parameters(file, n, (int) file.constant(n, 2).dim(0));
    }

    @Override
    public void restore(ArtifactGraph file, GraphEditor edit, Node n) {
        int[] packed = file.codes(n, 0);
        Tensor scales = file.constant(n, 2);
        int bits = (int) n.intAttribute("bits", 4);
        int block = (int) n.intAttribute("block_size", 128);
        if (bits != 4 && bits != 8
                || block <= 0
                || scales.rank() != 2
                || packed.length != scales.elementCount() * block * bits / 8) {
            throw file.damaged(n, "has codes and scales that do not fit its attributes");
        }
        float[] s = scales.floats();
        int[] zeroPoints = BlockCodes.zeroPoints(file, n, s.length, (int) scales.dim(0));
        float[] values = new float[s.length * block];
        for (int i = 0; i < values.length; i++) {
            values[i] = (BlockCodes.get(packed, i, bits) - zeroPoints[i / block]) * s[i / block];
        }
        String table = edit.freshName(n.name() + "_rows");
        edit.initializer(table, Tensor.ofFloats(new long[] {scales.dim(0), scales.dim(1) * block}, values));
        edit.replace(Node.of(n.name(), "Gather", List.of(table, n.input(1)), n.outputs(), Map.of()));
    }
}
