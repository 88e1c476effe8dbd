package dev.detent.caffe;

import dev.detent.caffe.proto.BlobProto;
import dev.detent.caffe.proto.EltwiseParameter;
import dev.detent.caffe.proto.EltwiseParameter.EltwiseOp;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.PowerParameter;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/** One node on its way to layers: what it reads, and the layers it becomes. Blobs are passed by name. */
final class NodeWriting {

    private final Node node;
    private final NetBuilder net;

    NodeWriting(Node node, NetBuilder net) {
        this.node = node;
        this.net = net;
    }

    Node node() {
        return node;
    }

    boolean has(CaffeOptions.Extension extension) {
        return net.has(extension);
    }

    long[] in(int i) {
        return net.shape(node.input(i));
    }

    long[] out() {
        return net.shape(node.output(0));
    }

    long[] shape(String value) {
        return net.shape(value);
    }

    Optional<Tensor> constant(int i) {
        return node.hasInput(i) ? net.constant(node.input(i)) : Optional.empty();
    }

    /** A constant that decides what the layer does. */
    Tensor required(int i, String what) {
        return constant(i).orElseThrow(() -> refused("has " + what + " that is computed; in Caffe it is fixed"));
    }

    long[] longs(int i, String what) {
        return required(i, what).longs();
    }

    /** The blob of an input. */
    String bottom(int i) {
        if (constant(i).isPresent()) {
            throw refused("reads a constant where Caffe has only computed blobs");
        }
        return net.blob(node.input(i));
    }

    /** The layer that makes the node's result and carries its name. */
    void last(String type, String bottom, Consumer<LayerParameter.Builder> fill) {
        LayerParameter.Builder layer =
                net.add().setName(net.nodeLayer(node.name())).setType(type).addBottom(bottom);
        layer.addTop(net.newBlob(node.output(0)));
        fill.accept(layer);
    }

    /** The same with several tops, some of which may be nobody's. */
    void lastOfMany(String type, String bottom, Iterable<String> values, Consumer<LayerParameter.Builder> fill) {
        LayerParameter.Builder layer =
                net.add().setName(net.nodeLayer(node.name())).setType(type).addBottom(bottom);
        fill.accept(layer);
        LayerParameter.Builder silence = LayerParameter.newBuilder();
        for (String v : values) {
            boolean wanted = !v.isEmpty() && net.uses(v) > 0;
            String top = wanted ? net.newBlob(v) : net.innerBlob(node.name() + "_rest");
            layer.addTop(top);
            if (!wanted) {
                silence.addBottom(top);
            }
        }
        silence(silence);
    }

    /** Ends blobs that nobody reads: they would be outputs. */
    private void silence(LayerParameter.Builder rest) {
        if (rest.getBottomCount() > 0) {
            net.add()
                    .mergeFrom(rest.setName(net.layerName(node.name() + "_silence", ""))
                            .setType("Silence")
                            .build());
        }
    }

    /** A layer in front of the last one; returns its blob. */
    String inner(String what, String type, String bottom, Consumer<LayerParameter.Builder> fill) {
        String name = node.name() + "_" + what;
        String top = net.innerBlob(name);
        LayerParameter.Builder layer = net.add()
                .setName(net.layerName(name, ""))
                .setType(type)
                .addBottom(bottom)
                .addTop(top);
        fill.accept(layer);
        return top;
    }

    /** A part of a blob along one axis. */
    String part(String what, String bottom, int axis, long from, long to, long size) {
        String wanted = net.innerBlob(node.name() + "_" + what);
        LayerParameter.Builder layer = net.add()
                .setName(net.layerName(node.name() + "_" + what, ""))
                .setType("Slice")
                .addBottom(bottom);
        layer.getSliceParamBuilder().setAxis(axis);
        LayerParameter.Builder rest = LayerParameter.newBuilder();
        if (from > 0) {
            layer.getSliceParamBuilder().addSlicePoint((int) from);
            rest.addBottom(net.innerBlob(node.name() + "_" + what + "_before"));
            layer.addTop(rest.getBottom(0));
        }
        layer.addTop(wanted);
        if (to < size) {
            layer.getSliceParamBuilder().addSlicePoint((int) to);
            rest.addBottom(net.innerBlob(node.name() + "_" + what + "_behind"));
            layer.addTop(rest.getBottom(rest.getBottomCount() - 1));
        }
        silence(rest);
        return wanted;
    }

    /** The node does nothing that Caffe would see. */
    void pass(int input) {
        net.alias(node.output(0), node.input(input));
    }

    /** The value is a blob that an inner layer made. */
    void copy(String blob) {
        last("Power", blob, l -> l.setPowerParam(PowerParameter.getDefaultInstance()));
    }

    static Consumer<LayerParameter.Builder> power(float power, float scale, float shift) {
        return l -> l.getPowerParamBuilder().setPower(power).setScale(scale).setShift(shift);
    }

    static Consumer<LayerParameter.Builder> eltwise(EltwiseOp op, String other, float... coefficients) {
        return l -> {
            l.addBottom(other);
            EltwiseParameter.Builder p = l.getEltwiseParamBuilder().setOperation(op);
            for (float c : coefficients) {
                p.addCoeff(c);
            }
        };
    }

    static BlobProto blob(Tensor t, long... dims) {
        BlobProto.Builder blob = BlobProto.newBuilder().setShape(NetBuilder.blobShape(dims));
        FloatBuffer values = FloatBuffer.wrap(t.floats());
        while (values.hasRemaining()) {
            blob.addData(values.get());
        }
        return blob.build();
    }

    static BlobProto blob(Tensor t) {
        return blob(t, t.dims());
    }

    UserException refused(String why) {
        return new UserException(
                CaffeProblems.NODE_NOT_WRITTEN,
                "node '" + node.name() + "' (" + node.opType() + ") " + why,
                node.output(0));
    }
}
