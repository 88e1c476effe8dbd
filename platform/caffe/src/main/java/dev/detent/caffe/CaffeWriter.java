package dev.detent.caffe;

import dev.detent.caffe.proto.NetParameter;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.util.List;

/**
 * Writes a graph of ONNX's operators as a Caffe network that computes the same. Layers are called as the nodes are; a
 * node that takes several layers has the last of them under its name.
 */
public final class CaffeWriter {

    private CaffeWriter() {}

    /**
     * Both files.
     *
     * @param graph with the shape of every value known, as {@link dev.detent.spi.export.ExportContext#fixShapes} leaves
     *     it; stays as it is
     * @throws dev.detent.spi.problem.UserException when an operator has no exact counterpart in Caffe
     */
    public static CaffeNet write(Graph graph, CaffeOptions options, String name) {
        NetBuilder net = new NetBuilder(graph, options, name);
        for (ValueInfo input : graph.inputs()) {
            net.input(input.name());
        }
        for (Node n : graph.nodes()) {
            OperatorRules.write(new NodeWriting(n, net));
        }
        for (ValueInfo output : graph.outputs()) {
            net.output(output.name());
        }
        NetParameter all = net.finish();
        return new CaffeNet(CaffeFiles.text(all), CaffeFiles.binary(all), net.names());
    }

    /** Rows of the table in docs/caffe.md: operator, layers, remark. */
    public static List<List<String>> table() {
        return OperatorRules.table();
    }
}
