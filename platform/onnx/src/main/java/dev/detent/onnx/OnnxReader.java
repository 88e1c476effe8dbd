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
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
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

    private final Path file;
    private final TensorReader tensors;

    private OnnxReader(Path file, TensorReader tensors) {
        this.file = file;
        this.tensors = tensors;
    }

    public static Graph read(Path file) {
        try (TensorReader tensors = new TensorReader(file)) {
            OnnxReader reader = new OnnxReader(file, tensors);
            ModelProto model = LocalFunctions.inline(reader.parse(), file);
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
        try (TensorReader tensors = new TensorReader(file)) {
            return new OnnxReader(file, tensors).graph(model.build(), nameless);
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
            edit.initializer(t.getName(), tensors.tensor(t));
        }
        for (SparseTensorProto s : g.getSparseInitializerList()) {
            edit.initializer(s.getValues().getName(), tensors.dense(s));
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
            case TENSOR -> new Attribute.TensorValue(tensors.tensor(a.getT()));
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
            if (TensorReader.isExternal(g.getInitializer(i))) {
                all.setInitializer(i, inlined(g.getInitializer(i)));
            }
        }
        for (int i = 0; i < g.getNodeCount(); i++) {
            for (int k = 0; k < g.getNode(i).getAttributeCount(); k++) {
                AttributeProto a = g.getNode(i).getAttribute(k);
                if (a.hasG()) {
                    all.getNodeBuilder(i).getAttributeBuilder(k).setG(inlined(a.getG()));
                } else if (a.hasT() && TensorReader.isExternal(a.getT())) {
                    all.getNodeBuilder(i).getAttributeBuilder(k).setT(inlined(a.getT()));
                }
            }
        }
        return all.build();
    }

    private TensorProto inlined(TensorProto t) {
        return t.toBuilder()
                .clearDataLocation()
                .clearExternalData()
                .setRawData(UnsafeByteOperations.unsafeWrap(tensors.tensor(t).bytes()))
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
}
