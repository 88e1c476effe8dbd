package dev.detent.caffe;

import dev.detent.caffe.proto.LayerParameter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One layer on its way to nodes: what it reads, its weights, and where its results go. */
final class LayerReading {

    private final LayerParameter layer;
    private final List<String> inputs;
    private final List<Tensor> blobs;
    private final GraphBuilder graph;
    private final String where;
    private final List<String> tops = new ArrayList<>();

    LayerReading(LayerParameter layer, List<String> inputs, List<Tensor> blobs, GraphBuilder graph, String where) {
        this.layer = layer;
        this.inputs = inputs;
        this.blobs = blobs;
        this.graph = graph;
        this.where = where;
    }

    LayerParameter layer() {
        return layer;
    }

    /** Values of the tops, in their order, when the layer has been read. */
    List<String> tops() {
        return tops;
    }

    String input(int i) {
        if (i >= inputs.size()) {
            throw refused("has " + inputs.size() + " bottoms, too few for a " + layer.getType());
        }
        return inputs.get(i);
    }

    List<String> inputs() {
        return inputs;
    }

    long[] shape(int i) {
        return graph.shape(input(i));
    }

    long[] shape(String value) {
        return graph.shape(value);
    }

    /** An axis of the first bottom, counted from the front. */
    int axis(int axis) {
        int rank = shape(0).length;
        int counted = axis < 0 ? axis + rank : axis;
        if (counted < 0 || counted >= rank) {
            throw refused("names axis " + axis + " of a blob with " + rank + " axes");
        }
        return counted;
    }

    int blobCount() {
        return blobs.size();
    }

    /** A trained blob; the caffemodel must have it. */
    Tensor blob(int i) {
        if (i >= blobs.size()) {
            throw refused("has " + blobs.size() + " trained blobs in the caffemodel, not " + (i + 1)
                    + "; is it the caffemodel of this prototxt?");
        }
        return blobs.get(i);
    }

    /** The blob under another shape. */
    Tensor blob(int i, long... dims) {
        Tensor blob = blob(i);
        if (blob.elementCount() != Tensor.count(dims)) {
            throw refused("has " + blob.elementCount() + " weights in blob " + i + " where " + Tensor.count(dims)
                    + " are needed; is it the caffemodel of this prototxt?");
        }
        return Tensor.of(blob.type(), dims, blob.bytes());
    }

    String constant(String what, Tensor tensor) {
        return graph.constant(layer.getName() + "_" + what, tensor);
    }

    /** A node whose result the layer itself reads on. */
    String inner(String what, String op, List<String> in, Map<String, Attribute> attributes, long... shape) {
        String value = graph.fresh(layer.getName() + "_" + what);
        graph.node(value, op, in, List.of(value), attributes, shape);
        return value;
    }

    /** The node that makes the layer's next top. */
    void top(String op, List<String> in, Map<String, Attribute> attributes, long... shape) {
        String value = topName();
        graph.node(layer.getName(), op, in, List.of(value), attributes, shape);
        tops.add(value);
    }

    /** The node that makes all tops. */
    void tops(String op, List<String> in, Map<String, Attribute> attributes, long[]... shapes) {
        for (int i = 0; i < layer.getTopCount(); i++) {
            tops.add(topName());
        }
        graph.node(layer.getName(), op, in, List.copyOf(tops), attributes, shapes);
    }

    /** The next top is a value that is there already. */
    void pass(String value) {
        tops.add(value);
    }

    /** The blob's name, or the layer's where the layer overwrites the blob. */
    private String topName() {
        if (tops.size() >= layer.getTopCount()) {
            throw refused("has too few tops for a " + layer.getType());
        }
        String top = layer.getTop(tops.size());
        if (!graph.isTaken(top) && !tops.contains(top)) {
            return top;
        }
        return graph.isTaken(layer.getName()) ? graph.fresh(layer.getName()) : layer.getName();
    }

    UserException refused(String why) {
        return new UserException(CaffeProblems.LAYER_NOT_READ, "layer '" + layer.getName() + "' " + why, where);
    }
}
