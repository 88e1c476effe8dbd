package dev.detent.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.SparseTensorProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.TensorShapeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads an ONNX file. The file is mapped and the parser aliases it, so weights stay on disk until somebody asks for
 * their values; external data files are mapped too, and may not lie outside the model's folder.
 */
public final class OnnxReader {

    private static final String NAMELESS = "generated_name_";

    /** Elements of a tensor, which take 16 bytes at most. */
    private static final long LARGEST = Long.MAX_VALUE / 16;

    private final Path file;
    private final Path folder;
    private final Map<Path, FileChannel> channels = new HashMap<>();

    private OnnxReader(Path file) {
        this.file = file;
        Path parent = file.toAbsolutePath().normalize().getParent();
        this.folder = parent == null ? file.toAbsolutePath().getRoot() : parent;
    }

    public static Graph read(Path file) {
        OnnxReader reader = new OnnxReader(file);
        try {
            ModelProto model = reader.parse();
            ModelCheck.check(model, file);
            return reader.graph(model, NAMELESS);
        } catch (UserException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            // Whatever the checks do not know of: a file cannot be Detent's fault.
            throw new UserException(
                    OnnxProblems.NOT_UNDERSTOOD,
                    "cannot be understood as an ONNX model (" + e + "); it is damaged",
                    file.toString(),
                    e);
        } catch (IOException e) {
            throw new UserException(OnnxProblems.UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e);
        } finally {
            reader.close();
        }
    }

    /**
     * A subgraph as a graph of its own; values of the graph around it are read and made by nobody.
     *
     * @param file the model, whose folder holds external data
     * @param nameless what nodes without a name are called, with a number
     */
    static Graph subgraph(GraphProto g, Map<String, Integer> opsets, String nameless, Path file) {
        ModelProto.Builder model = ModelProto.newBuilder().setGraph(g);
        opsets.forEach((domain, version) -> model.addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
        OnnxReader reader = new OnnxReader(file);
        try {
            return reader.graph(model.build(), nameless);
        } finally {
            reader.close();
        }
    }

    private ModelProto parse() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new UserException(
                    OnnxProblems.NO_FILE,
                    (Files.exists(file) ? "is no file" : "there is no such file") + "; give the path of an ONNX model",
                    file.toString());
        }
        long size = Files.size(file);
        if (size > Integer.MAX_VALUE) {
            throw new UserException(
                    OnnxProblems.TOO_LARGE,
                    "is larger than 2 GB, which protobuf does not allow; save the model with external data",
                    file.toString());
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteString bytes = UnsafeByteOperations.unsafeWrap(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
            CodedInputStream in = bytes.newCodedInput();
            in.enableAliasing(true);
            in.setSizeLimit(Integer.MAX_VALUE);
            ModelProto model = ModelProto.parseFrom(in);
            if (!model.hasGraph() || model.getGraph().getNodeCount() == 0 || model.getOpsetImportCount() == 0) {
                throw new UserException(
                        OnnxProblems.NO_MODEL, "is not an ONNX model (no graph inside)", file.toString());
            }
            return model;
        } catch (InvalidProtocolBufferException e) {
            throw new UserException(
                    OnnxProblems.NO_MODEL, "is not an ONNX model, or it is truncated", file.toString(), e);
        }
    }

    private Graph graph(ModelProto model, String nameless) {
        Graph graph = new Graph();
        GraphEditor edit = graph.edit();
        for (OperatorSetIdProto o : model.getOpsetImportList()) {
            edit.opset(o.getDomain(), (int) o.getVersion());
        }
        GraphProto g = model.getGraph();
        for (TensorProto t : g.getInitializerList()) {
            edit.initializer(t.getName(), tensor(t));
        }
        for (SparseTensorProto s : g.getSparseInitializerList()) {
            edit.initializer(s.getValues().getName(), dense(s));
        }
        List<ValueInfoProto> overridable = new ArrayList<>();
        for (ValueInfoProto v : g.getInputList()) {
            if (graph.isInitializer(v.getName())) {
                overridable.add(v);
            } else {
                edit.input(valueInfo(v));
            }
        }
        g.getOutputList().forEach(v -> edit.output(valueInfo(v)));
        g.getValueInfoList().forEach(v -> edit.valueInfo(valueInfo(v)));
        Set<String> names = new HashSet<>();
        Map<String, Integer> times = new HashMap<>();
        int number = 0;
        for (NodeProto n : g.getNodeList()) {
            String name = n.getName().isEmpty() ? nameless + number++ : n.getName();
            String unique = name;
            while (!names.add(unique)) {
                unique = name + "_" + times.merge(name, 1, Integer::sum);
            }
            edit.add(node(n, unique));
        }
        ModelProto.Builder rest = model.toBuilder();
        rest.clearOpsetImport();
        rest.getGraphBuilder()
                .clearNode()
                .clearInitializer()
                .clearSparseInitializer()
                .clearInput()
                .clearOutput()
                .clearValueInfo()
                .addAllInput(overridable);
        edit.opaque(new UnmodeledProto(rest.build().toByteArray()));
        return graph;
    }

    private Node node(NodeProto n, String name) {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        n.getAttributeList().forEach(a -> attributes.put(a.getName(), attribute(a)));
        NodeProto rest = n.toBuilder()
                .clearName()
                .clearDomain()
                .clearOpType()
                .clearInput()
                .clearOutput()
                .clearAttribute()
                .build();
        return new Node(
                name,
                n.getDomain(),
                n.getOpType(),
                n.getInputList(),
                n.getOutputList(),
                attributes,
                rest.getSerializedSize() == 0 ? UnmodeledProto.NONE : new UnmodeledProto(rest.toByteArray()));
    }

    private Attribute attribute(AttributeProto a) {
        if (!a.getRefAttrName().isEmpty()) {
            return new Attribute.Other(new UnmodeledProto(a.toByteArray()));
        }
        return switch (a.getType()) {
            case INT -> new Attribute.IntValue(a.getI());
            case FLOAT -> new Attribute.FloatValue(a.getF());
            case STRING ->
                a.getS().isValidUtf8()
                        ? new Attribute.StringValue(a.getS().toStringUtf8())
                        : new Attribute.Other(new UnmodeledProto(a.toByteArray()));
            case TENSOR -> new Attribute.TensorValue(tensor(a.getT()));
            case INTS -> new Attribute.Ints(a.getIntsList());
            case FLOATS -> new Attribute.Floats(a.getFloatsList());
            case STRINGS ->
                a.getStringsList().stream().allMatch(ByteString::isValidUtf8)
                        ? new Attribute.Strings(a.getStringsList().stream()
                                .map(ByteString::toStringUtf8)
                                .toList())
                        : new Attribute.Other(new UnmodeledProto(a.toByteArray()));
            case GRAPH ->
                new Attribute.Subgraph(
                        List.copyOf(captured(a.getG())),
                        new UnmodeledProto(
                                a.toBuilder().setG(inlined(a.getG())).build().toByteArray()));
            default -> new Attribute.Other(new UnmodeledProto(a.toByteArray()));
        };
    }

    /**
     * A subgraph is kept as it is, but the files beside the model do not move with it: its weights that lie there, and
     * those of the subgraphs in it, are taken in.
     */
    private GraphProto inlined(GraphProto g) {
        GraphProto.Builder all = g.toBuilder();
        for (int i = 0; i < g.getInitializerCount(); i++) {
            if (isExternal(g.getInitializer(i))) {
                all.setInitializer(i, inlined(g.getInitializer(i)));
            }
        }
        for (int i = 0; i < g.getNodeCount(); i++) {
            for (int k = 0; k < g.getNode(i).getAttributeCount(); k++) {
                AttributeProto a = g.getNode(i).getAttribute(k);
                if (a.hasG()) {
                    all.getNodeBuilder(i).getAttributeBuilder(k).setG(inlined(a.getG()));
                } else if (a.hasT() && isExternal(a.getT())) {
                    all.getNodeBuilder(i).getAttributeBuilder(k).setT(inlined(a.getT()));
                }
            }
        }
        return all.build();
    }

    private static boolean isExternal(TensorProto t) {
        return t.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    }

    private TensorProto inlined(TensorProto t) {
        return t.toBuilder()
                .clearDataLocation()
                .clearExternalData()
                .setRawData(UnsafeByteOperations.unsafeWrap(tensor(t).bytes()))
                .build();
    }

    /** Names a subgraph uses and does not define. */
    static Set<String> captured(GraphProto g) {
        Set<String> defined = new HashSet<>();
        g.getInputList().forEach(v -> defined.add(v.getName()));
        g.getInitializerList().forEach(t -> defined.add(t.getName()));
        g.getNodeList().forEach(n -> defined.addAll(n.getOutputList()));
        Set<String> free = new LinkedHashSet<>();
        for (NodeProto n : g.getNodeList()) {
            free.addAll(n.getInputList());
            n.getAttributeList().stream().filter(AttributeProto::hasG).forEach(a -> free.addAll(captured(a.getG())));
        }
        g.getOutputList().forEach(v -> free.add(v.getName()));
        free.removeAll(defined);
        free.remove("");
        return free;
    }

    private static ValueInfo valueInfo(ValueInfoProto v) {
        ElementType type = ElementType.UNDEFINED;
        Optional<List<ValueInfo.Dimension>> shape = Optional.empty();
        if (v.getType().hasTensorType()) {
            type = ElementType.ofCode(v.getType().getTensorType().getElemType()).orElse(ElementType.UNDEFINED);
            if (v.getType().getTensorType().hasShape()) {
                List<ValueInfo.Dimension> dims = new ArrayList<>();
                for (TensorShapeProto.Dimension d :
                        v.getType().getTensorType().getShape().getDimList()) {
                    dims.add(
                            d.hasDimValue() && d.getDimValue() >= 0
                                    ? ValueInfo.Dimension.of(d.getDimValue())
                                    : new ValueInfo.Dimension(-1, d.getDimParam()));
                }
                shape = Optional.of(dims);
            }
        }
        return new ValueInfo(v.getName(), type, shape, new UnmodeledProto(v.toByteArray()));
    }

    private Tensor tensor(TensorProto t) {
        ElementType type = ElementType.ofCode(t.getDataType())
                .orElseThrow(() -> new UserException(
                        OnnxProblems.UNKNOWN_TYPE,
                        "tensor '" + t.getName() + "' has the unknown data type " + t.getDataType(),
                        file.toString()));
        long[] dims = dims(t.getName(), t.getDimsList());
        if (isExternal(t)) {
            return Tensor.of(type, dims, external(t, type.bytes(Tensor.count(dims))));
        }
        if (type == ElementType.STRING || type == ElementType.UNDEFINED) {
            return Tensor.opaque(type, dims, new UnmodeledProto(t.toByteArray()));
        }
        long expected = type.bytes(Tensor.count(dims));
        ByteBuffer data = t.hasRawData() ? t.getRawData().asReadOnlyByteBuffer() : typed(t, type);
        if (data.remaining() != expected) {
            throw new UserException(
                    OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                    "tensor '" + t.getName() + "' holds " + data.remaining() + " bytes where its shape needs "
                            + expected + "; the file is damaged",
                    file.toString());
        }
        return Tensor.of(type, dims, data);
    }

    /** A shape whose size can be counted, in elements and in bytes of any type. */
    private long[] dims(String tensor, List<Long> given) {
        long count = 1;
        for (long d : given) {
            boolean fits = d >= 0 && (d == 0 || count <= LARGEST / d);
            if (!fits) {
                throw new UserException(
                        OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                        "tensor '" + tensor + "' has the shape " + given + "; the file is damaged",
                        file.toString());
            }
            count *= d;
        }
        return given.stream().mapToLong(Long::longValue).toArray();
    }

    /** Bytes of a tensor as one buffer holds them. */
    private int size(String tensor, long bytes) {
        if (bytes > Integer.MAX_VALUE) {
            throw new UserException(
                    OnnxProblems.TENSOR_TOO_LARGE,
                    "tensor '" + tensor + "' alone is larger than 2 GB",
                    file.toString());
        }
        return (int) bytes;
    }

    /** Rules and passes know dense weights only; places of the values are linear, or one row of indices for each. */
    private Tensor dense(SparseTensorProto s) {
        Tensor values = tensor(s.getValues());
        long[] indices = tensor(s.getIndices()).longs();
        String name = s.getValues().getName();
        long[] dims = dims(name, s.getDimsList());
        int count = (int) values.elementCount();
        int perValue = s.getIndices().getDimsCount() == 2 ? dims.length : 1;
        int size = count == 0 ? 0 : values.bytes().remaining() / count;
        long bytes = values.type().bytes(Tensor.count(dims));
        if (bytes > Runtime.getRuntime().maxMemory() / 4 || indices.length != (long) count * perValue) {
            throw new UserException(
                    OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                    "sparse tensor '" + name + "' has " + indices.length + " indices for " + count
                            + " values, or would take " + bytes + " bytes; the file is damaged",
                    file.toString());
        }
        ByteBuffer all = ByteBuffer.allocate(size(name, bytes));
        for (int i = 0; i < count; i++) {
            long place = 0;
            for (int k = 0; k < perValue; k++) {
                place = place * (perValue == 1 ? 1 : dims[k]) + indices[i * perValue + k];
            }
            if (place < 0 || (place + 1) * size > all.capacity()) {
                throw new UserException(
                        OnnxProblems.VALUES_DO_NOT_FIT_SHAPE,
                        "sparse tensor '" + name + "' has a value outside its shape " + s.getDimsList()
                                + "; the file is damaged",
                        file.toString());
            }
            all.put((int) place * size, values.bytes(), i * size, size);
        }
        return Tensor.of(values.type(), dims, all);
    }

    /** The typed fields of TensorProto, as many numbers as there are; narrow types travel in int32_data. */
    private ByteBuffer typed(TensorProto t, ElementType type) {
        long bytes = switch (type) {
            case FLOAT, COMPLEX64 -> 4L * t.getFloatDataCount();
            case DOUBLE, COMPLEX128 -> 8L * t.getDoubleDataCount();
            case INT64 -> 8L * t.getInt64DataCount();
            case UINT64 -> 8L * t.getUint64DataCount();
            case UINT32 -> 4L * t.getUint64DataCount();
            case INT32 -> 4L * t.getInt32DataCount();
            case INT16, UINT16, FLOAT16, BFLOAT16 -> 2L * t.getInt32DataCount();
            default -> t.getInt32DataCount();
        };
        ByteBuffer b = ByteBuffer.allocate(size(t.getName(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case FLOAT, COMPLEX64 -> t.getFloatDataList().forEach(b::putFloat);
            case DOUBLE, COMPLEX128 -> t.getDoubleDataList().forEach(b::putDouble);
            case INT64 -> t.getInt64DataList().forEach(b::putLong);
            case UINT64 -> t.getUint64DataList().forEach(b::putLong);
            case UINT32 -> t.getUint64DataList().forEach(v -> b.putInt(v.intValue()));
            case INT32 -> t.getInt32DataList().forEach(b::putInt);
            case INT16, UINT16, FLOAT16, BFLOAT16 -> t.getInt32DataList().forEach(v -> b.putShort(v.shortValue()));
            default -> t.getInt32DataList().forEach(v -> b.put(v.byteValue()));
        }
        return b.flip();
    }

    private ByteBuffer external(TensorProto t, long expected) {
        Map<String, String> entries = new HashMap<>();
        t.getExternalDataList().forEach(e -> entries.put(e.getKey(), e.getValue()));
        String location = entries.getOrDefault("location", "");
        try {
            Path path = folder.resolve(location).normalize();
            if (location.isEmpty()
                    || !path.startsWith(folder)
                    || !path.toRealPath().startsWith(folder.toRealPath())) {
                throw new UserException(
                        OnnxProblems.EXTERNAL_DATA_OUTSIDE,
                        "tensor '" + t.getName() + "' lies in '" + location + "', outside the model's folder; refused",
                        file.toString());
            }
            FileChannel channel = channels.get(path);
            if (channel == null) {
                // A pipe would be waited for without end.
                if (!Files.isRegularFile(path)) {
                    throw new UserException(
                            OnnxProblems.EXTERNAL_DATA_UNREADABLE,
                            "the external file '" + location + "' of tensor '" + t.getName() + "' is no regular file",
                            file.toString());
                }
                channel = FileChannel.open(path, StandardOpenOption.READ);
                channels.put(path, channel);
            }
            long offset = Long.parseLong(entries.getOrDefault("offset", "0"));
            long length = Long.parseLong(entries.getOrDefault("length", Long.toString(expected)));
            if (length != expected || offset < 0 || length < 0 || offset > channel.size() - length) {
                throw new UserException(
                        OnnxProblems.EXTERNAL_DATA_DIFFERS,
                        "tensor '" + t.getName() + "' does not fit its external file '" + location
                                + "'; the file is damaged or belongs to another model",
                        file.toString());
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, size(t.getName(), length));
        } catch (IOException e) {
            throw new UserException(
                    OnnxProblems.EXTERNAL_DATA_UNREADABLE,
                    "the external file '" + location + "' of tensor '" + t.getName()
                            + "' cannot be read; put it beside the model",
                    file.toString(),
                    e);
        } catch (NumberFormatException | InvalidPathException e) {
            throw new UserException(
                    OnnxProblems.EXTERNAL_DATA_DIFFERS,
                    "tensor '" + t.getName() + "' has a malformed external-data entry",
                    file.toString(),
                    e);
        }
    }

    private void close() {
        for (FileChannel c : channels.values()) {
            try {
                c.close();
            } catch (IOException e) {
                // Mappings outlive their channel; nothing is lost.
            }
        }
    }
}
