package dev.detent.caffe;

import dev.detent.caffe.proto.BlobProto;
import dev.detent.caffe.proto.BlobShape;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.NetParameter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a Caffe network as a graph of ONNX's operators (opset 13). Layers become nodes of the same names; a blob that a
 * layer overwrites in place becomes a value of the layer's name. The batch is left free, as Caffe leaves it; sizes of
 * pictures are those of the prototxt.
 */
public final class CaffeReader {

    private static final int OPSET = 13;

    private final String where;
    private final GraphBuilder graph;
    /** The value that a blob holds after the layers read so far. */
    private final Map<String, String> blobs = new HashMap<>();

    private final Set<String> unread = new LinkedHashSet<>();

    private CaffeReader(String where) {
        this.where = where;
        this.graph = new GraphBuilder(OPSET);
    }

    /**
     * Both files as one graph.
     *
     * @throws UserException when a file is damaged, or a layer has no counterpart among ONNX's operators
     */
    public static Graph read(Path prototxt, Path caffemodel) {
        NetParameter net = CaffeFiles.prototxt(prototxt);
        NetParameter trained = CaffeFiles.caffemodel(caffemodel);
        try {
            return new CaffeReader(prototxt.toString()).graph(net, trained, caffemodel.toString());
        } catch (UserException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            // Whatever the layers' readers do not check: a file cannot be Detent's fault.
            throw new UserException(
                    CaffeProblems.LAYER_NOT_READ,
                    "cannot be understood as a Caffe network (" + e + "); it is damaged",
                    prototxt.toString(),
                    e);
        }
    }

    private Graph graph(NetParameter net, NetParameter trained, String weights) {
        inputs(net);
        Map<String, List<BlobProto>> byLayer = new HashMap<>();
        CaffeFiles.layers(trained).forEach(l -> byLayer.put(l.getName(), l.getBlobsList()));
        for (LayerParameter layer : CaffeFiles.layers(net)) {
            read(layer, byLayer.getOrDefault(layer.getName(), layer.getBlobsList()), weights);
        }
        List<String> outputs = unread.stream().map(this::value).toList();
        if (outputs.isEmpty()) {
            throw new UserException(CaffeProblems.NO_OUTPUT, "has no layer whose result nobody reads", where);
        }
        return graph.finish(outputs);
    }

    private void inputs(NetParameter net) {
        for (int i = 0; i < net.getInputCount(); i++) {
            List<Long> dims = new ArrayList<>();
            if (i < net.getInputShapeCount()) {
                dims.addAll(net.getInputShape(i).getDimList());
            } else if (net.getInputDimCount() >= 4 * i + 4) {
                net.getInputDimList().subList(4 * i, 4 * i + 4).forEach(d -> dims.add(d.longValue()));
            }
            input(net.getInput(i), dims);
        }
    }

    private void input(String name, List<Long> dims) {
        if (dims.isEmpty() || dims.stream().anyMatch(d -> d <= 0)) {
            throw new UserException(
                    CaffeProblems.NO_INPUT_SHAPE,
                    "does not say the shape of input '" + name + "'; add input_param { shape }",
                    where);
        }
        long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
        List<Dimension> declared =
                new ArrayList<>(dims.stream().map(Dimension::of).toList());
        declared.set(0, new Dimension(-1, "N"));
        graph.input(new ValueInfo(name, ElementType.FLOAT, Optional.of(declared), UnmodeledProto.NONE), shape);
        blobs.put(name, name);
    }

    private void read(LayerParameter layer, List<BlobProto> weights, String file) {
        if (layer.getType().equals("Input")) {
            List<BlobShape> shapes = layer.getInputParam().getShapeList();
            for (int i = 0; i < layer.getTopCount(); i++) {
                input(
                        layer.getTop(i),
                        shapes.isEmpty()
                                ? List.of()
                                : shapes.get(Math.min(i, shapes.size() - 1)).getDimList());
            }
            return;
        }
        List<String> inputs = new ArrayList<>();
        for (String bottom : layer.getBottomList()) {
            inputs.add(value(bottom));
        }
        layer.getBottomList().forEach(unread::remove);
        LayerReading reading = new LayerReading(
                layer, inputs, weights.stream().map(b -> tensor(b, layer, file)).toList(), graph, where);
        LayerTable.read(reading);
        for (int i = 0; i < layer.getTopCount(); i++) {
            blobs.put(layer.getTop(i), reading.tops().get(i));
            unread.remove(layer.getTop(i));
            unread.add(layer.getTop(i));
        }
    }

    private String value(String blob) {
        String value = blobs.get(blob);
        if (value == null) {
            throw new UserException(
                    CaffeProblems.BLOB_FROM_NOWHERE, "no layer before its reader makes blob '" + blob + "'", where);
        }
        return value;
    }

    private static Tensor tensor(BlobProto blob, LayerParameter layer, String file) {
        long[] dims = blob.hasShape()
                ? blob.getShape().getDimList().stream()
                        .mapToLong(Long::longValue)
                        .toArray()
                : new long[] {blob.getNum(), blob.getChannels(), blob.getHeight(), blob.getWidth()};
        int count = Math.max(blob.getDataCount(), blob.getDoubleDataCount());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = blob.getDataCount() > 0 ? blob.getData(i) : (float) blob.getDoubleData(i);
        }
        if (Tensor.count(dims) != count) {
            throw new UserException(
                    CaffeProblems.WEIGHTS_DO_NOT_FIT_SHAPE,
                    "layer '" + layer.getName() + "' has " + count + " weights where their shape needs "
                            + Tensor.count(dims) + "; the file is damaged",
                    file);
        }
        return Tensor.ofFloats(dims, values);
    }
}
