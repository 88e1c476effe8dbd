package dev.detent.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.StringStringEntryProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.TensorShapeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;

/** Writes a graph as an ONNX file. Same graph, same bytes. */
public final class OnnxWriter {

    /** A protobuf message may not reach 2 GiB; above this the weights go to a file beside the model. */
    private static final long INLINE_LIMIT = 1_900_000_000L;

    /** Oldest IR version in which initializers need not be graph inputs. */
    private static final int MIN_IR_VERSION = 4;

    private OnnxWriter() {}

    public static byte[] bytes(Graph graph) {
        return model(graph, Map.of()).toByteArray();
    }

    /** Bytes of all initializers, which make up most of a file. */
    public static long weightBytes(Graph graph) {
        return graph.initializers().values().stream()
                .mapToLong(t -> t.bytes().remaining())
                .sum();
    }

    /** Model and weights fit one protobuf message, and so one file. */
    public static boolean fitsOneFile(Graph graph) {
        return weightBytes(graph) <= INLINE_LIMIT;
    }

    /** Writes {@code file} and, when the weights pass 1.9 GB, {@code file.data} beside it. */
    public static void write(Graph graph, Path file) throws IOException {
        Map<String, TensorProto> external = fitsOneFile(graph) ? Map.of() : externalise(graph, file);
        try (OutputStream out = Files.newOutputStream(file)) {
            CodedOutputStream coded = CodedOutputStream.newInstance(out, 1 << 16);
            model(graph, external).writeTo(coded);
            coded.flush();
        }
    }

    private static Map<String, TensorProto> externalise(Graph graph, Path file) throws IOException {
        String location = file.getFileName() + ".data";
        Map<String, TensorProto> references = new TreeMap<>();
        try (FileChannel out = FileChannel.open(
                file.resolveSibling(location),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            for (Map.Entry<String, Tensor> e : graph.initializers().entrySet()) {
                Tensor t = e.getValue();
                if (t.bytes().remaining() < 1024) {
                    continue;
                }
                // Page alignment lets a runtime map the weights lazily.
                long offset = (out.position() + 4095) / 4096 * 4096;
                out.position(offset);
                java.nio.ByteBuffer data = t.bytes();
                long length = data.remaining();
                while (data.hasRemaining()) {
                    out.write(data);
                }
                TensorProto.Builder b = header(e.getKey(), t).setDataLocation(TensorProto.DataLocation.EXTERNAL);
                b.addExternalData(entry("location", location))
                        .addExternalData(entry("offset", Long.toString(offset)))
                        .addExternalData(entry("length", Long.toString(length)));
                references.put(e.getKey(), b.build());
            }
        }
        return references;
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    /** The inverse of {@link OnnxReader#subgraph}. */
    static GraphProto subgraph(Graph graph) {
        return model(graph, Map.of()).getGraph();
    }

    private static ModelProto model(Graph graph, Map<String, TensorProto> external) {
        try {
            ModelProto.Builder model = graph.opaque().isEmpty()
                    ? ModelProto.newBuilder()
                    : ModelProto.parseFrom(graph.opaque().bytes()).toBuilder();
            if (!model.hasProducerName()) {
                model.setProducerName("detent");
            }
            model.setIrVersion(Math.max(model.getIrVersion(), irVersion(graph)));
            new TreeMap<>(graph.opsets())
                    .forEach((domain, version) -> model.addOpsetImport(
                            OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
            GraphProto.Builder g = model.getGraphBuilder();
            if (!g.hasName()) {
                g.setName("graph");
            }
            java.util.List<ValueInfoProto> overridable = g.getInputList().stream()
                    .filter(v -> graph.isInitializer(v.getName()))
                    .toList();
            g.clearInput();
            graph.inputs().forEach(v -> g.addInput(valueInfo(v)));
            g.addAllInput(overridable);
            graph.outputs().forEach(v -> g.addOutput(valueInfo(v)));
            for (Node n : graph.nodes()) {
                g.addNode(node(n));
            }
            graph.initializers()
                    .forEach((name, t) ->
                            g.addInitializer(external.containsKey(name) ? external.get(name) : tensor(name, t)));
            graph.valueInfos().values().forEach(v -> g.addValueInfo(valueInfo(v)));
            return model.build();
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The oldest IR version that the opset allows (onnx/helper.py, OP_SET_ID_VERSION_MAP). */
    private static int irVersion(Graph graph) {
        int opset = graph.opset();
        int needed = opset <= 8
                ? 3
                : opset == 9
                        ? 4
                        : opset == 10
                                ? 5
                                : opset == 11
                                        ? 6
                                        : opset <= 14
                                                ? 7
                                                : opset <= 18
                                                        ? 8
                                                        : opset <= 20
                                                                ? 9
                                                                : opset <= 22
                                                                        ? 10
                                                                        : opset == 23 ? 11 : opset == 24 ? 12 : 13;
        return Math.max(MIN_IR_VERSION, needed);
    }

    private static NodeProto node(Node n) throws InvalidProtocolBufferException {
        NodeProto.Builder b = n.opaque().isEmpty()
                ? NodeProto.newBuilder()
                : NodeProto.parseFrom(n.opaque().bytes()).toBuilder();
        b.setName(n.name()).setOpType(n.opType()).addAllInput(n.inputs()).addAllOutput(n.outputs());
        if (!n.domain().isEmpty()) {
            b.setDomain(n.domain());
        }
        for (Map.Entry<String, Attribute> e : n.attributes().entrySet()) {
            b.addAttribute(attribute(e.getKey(), e.getValue()));
        }
        return b.build();
    }

    private static AttributeProto attribute(String name, Attribute value) throws InvalidProtocolBufferException {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name);
        if (value instanceof Attribute.IntValue v) {
            b.setType(AttributeProto.AttributeType.INT).setI(v.value());
        } else if (value instanceof Attribute.FloatValue v) {
            b.setType(AttributeProto.AttributeType.FLOAT).setF(v.value());
        } else if (value instanceof Attribute.StringValue v) {
            b.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(v.value()));
        } else if (value instanceof Attribute.TensorValue v) {
            b.setType(AttributeProto.AttributeType.TENSOR).setT(tensor("", v.value()));
        } else if (value instanceof Attribute.Ints v) {
            b.setType(AttributeProto.AttributeType.INTS).addAllInts(v.values());
        } else if (value instanceof Attribute.Floats v) {
            b.setType(AttributeProto.AttributeType.FLOATS).addAllFloats(v.values());
        } else if (value instanceof Attribute.Strings v) {
            b.setType(AttributeProto.AttributeType.STRINGS);
            v.values().forEach(s -> b.addStrings(ByteString.copyFromUtf8(s)));
        } else {
            UnmodeledProto content =
                    value instanceof Attribute.Subgraph s ? s.content() : ((Attribute.Other) value).content();
            return AttributeProto.parseFrom(content.bytes());
        }
        return b.build();
    }

    private static ValueInfoProto valueInfo(ValueInfo v) {
        try {
            if (!v.opaque().isEmpty()) {
                return ValueInfoProto.parseFrom(v.opaque().bytes());
            }
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
        ValueInfoProto.Builder b = ValueInfoProto.newBuilder().setName(v.name());
        if (v.type() != ElementType.UNDEFINED) {
            b.getTypeBuilder().getTensorTypeBuilder().setElemType(v.type().code());
            v.shape().ifPresent(shape -> {
                TensorShapeProto.Builder s = TensorShapeProto.newBuilder();
                for (ValueInfo.Dimension d : shape) {
                    TensorShapeProto.Dimension.Builder dim = s.addDimBuilder();
                    if (d.isKnown()) {
                        dim.setDimValue(d.size());
                    } else if (!d.symbol().isEmpty()) {
                        dim.setDimParam(d.symbol());
                    }
                }
                b.getTypeBuilder().getTensorTypeBuilder().setShape(s);
            });
        }
        return b.build();
    }

    private static TensorProto.Builder header(String name, Tensor t) {
        TensorProto.Builder b = TensorProto.newBuilder().setDataType(t.type().code());
        for (long d : t.dims()) {
            b.addDims(d);
        }
        return name.isEmpty() ? b : b.setName(name);
    }

    private static TensorProto tensor(String name, Tensor t) {
        if (!t.origin().isEmpty()) {
            try {
                return TensorProto.parseFrom(t.origin().bytes()).toBuilder()
                        .setName(name)
                        .build();
            } catch (InvalidProtocolBufferException e) {
                throw new UncheckedIOException(e);
            }
        }
        return header(name, t)
                .setRawData(UnsafeByteOperations.unsafeWrap(t.bytes()))
                .build();
    }
}
