package dev.detent.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.FunctionProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.StringStringEntryProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is read is written again: unknown operators, domains, attributes of every kind, metadata, subgraphs, functions,
 * all data types.
 */
class RoundTripTest {

    @TempDir
    Path work;

    private static ValueInfoProto value(String name) {
        ValueInfoProto.Builder v = ValueInfoProto.newBuilder().setName(name).setDocString("about " + name);
        v.getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(1)
                .getShapeBuilder()
                .addDimBuilder()
                .setDimParam("N");
        return v.build();
    }

    private static ModelProto model() {
        GraphProto then = GraphProto.newBuilder()
                .setName("then")
                .addOutput(value("t"))
                .addNode(NodeProto.newBuilder()
                        .setOpType("Add")
                        .addInput("outer")
                        .addInput("outer2")
                        .addOutput("t"))
                .build();
        NodeProto.Builder odd = NodeProto.newBuilder()
                .setName("odd")
                .setOpType("Mystery")
                .setDomain("vendor.x")
                .setDocString("why")
                .addInput("x")
                .addInput("")
                .addInput("w")
                .addOutput("y");
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("i")
                .setType(AttributeProto.AttributeType.INT)
                .setI(-7));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("f")
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(1.5f));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("s")
                .setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8("täxt")));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("raw")
                .setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFrom(new byte[] {-1, -2})));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("is")
                .setType(AttributeProto.AttributeType.INTS)
                .addInts(1)
                .addInts(2));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("fs")
                .setType(AttributeProto.AttributeType.FLOATS)
                .addFloats(1)
                .addFloats(2));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("ss")
                .setType(AttributeProto.AttributeType.STRINGS)
                .addStrings(ByteString.copyFromUtf8("a")));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("g")
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(then));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("gs")
                .setType(AttributeProto.AttributeType.GRAPHS)
                .addGraphs(then));
        odd.addAttribute(AttributeProto.newBuilder()
                .setName("t")
                .setType(AttributeProto.AttributeType.TENSOR)
                .setT(TensorProto.newBuilder().setDataType(1).addDims(1).setRawData(ByteString.copyFrom(new byte[4]))));
        GraphProto.Builder g = GraphProto.newBuilder()
                .setName("main")
                .setDocString("doc")
                .addInput(value("x"))
                .addOutput(value("y"))
                .addValueInfo(value("outer"))
                .addNode(odd)
                .addInitializer(TensorProto.newBuilder()
                        .setName("w")
                        .setDataType(1)
                        .addDims(2)
                        .setRawData(ByteString.copyFrom(new byte[8])))
                .addInitializer(TensorProto.newBuilder()
                        .setName("text")
                        .setDataType(8)
                        .addDims(1)
                        .addStringData(ByteString.copyFromUtf8("hi")));
        return ModelProto.newBuilder()
                .setIrVersion(10)
                .setProducerName("someone")
                .setModelVersion(3)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(21))
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain("vendor.x").setVersion(2))
                .addMetadataProps(
                        StringStringEntryProto.newBuilder().setKey("k").setValue("v"))
                .addFunctions(FunctionProto.newBuilder().setName("F").setDomain("vendor.x"))
                .setGraph(g)
                .build();
    }

    /** A model of two gigabytes costs no heap; some versions of Protocol Buffers copy what is mapped. */
    @Test
    void weightsStayWhereTheyLieInTheFile() throws IOException {
        Path file = Files.write(work.resolve("m.onnx"), model().toByteArray());
        assertThat(OnnxReader.read(file).initializer("w").orElseThrow().bytes().isDirect())
                .isTrue();
    }

    @Test
    void nothingIsLost() throws IOException {
        Path file = Files.write(work.resolve("m.onnx"), model().toByteArray());
        Graph g = OnnxReader.read(file);
        OnnxWriter.write(g, work.resolve("again.onnx"));
        assertThat(ModelProto.parseFrom(Files.readAllBytes(work.resolve("again.onnx"))))
                .isEqualTo(model());
        assertThat(OnnxWriter.bytes(g)).isEqualTo(OnnxWriter.bytes(OnnxReader.read(work.resolve("again.onnx"))));
    }

    @Test
    void subgraphsCountAsConsumersOfWhatTheyCapture() throws IOException {
        Graph g = OnnxReader.read(Files.write(work.resolve("m.onnx"), model().toByteArray()));
        assertThat(g.node("odd").orElseThrow().capturedValues()).containsExactly("outer", "outer2");
        assertThat(g.consumers("outer")).hasSize(1);
        assertThat(g.node("odd").orElseThrow().attribute("raw").orElseThrow()).isInstanceOf(Attribute.Other.class);
    }

    @Test
    void typedFieldsAreReadLikeRawData() throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder()
                .setName("g")
                .addNode(NodeProto.newBuilder().setOpType("X").addOutput("o"));
        g.addInitializer(TensorProto.newBuilder()
                .setName("f")
                .setDataType(1)
                .addDims(2)
                .addFloatData(1.5f)
                .addFloatData(-2));
        g.addInitializer(
                TensorProto.newBuilder().setName("l").setDataType(7).addDims(1).addInt64Data(1L << 40));
        g.addInitializer(TensorProto.newBuilder()
                .setName("b")
                .setDataType(3)
                .addDims(2)
                .addInt32Data(-5)
                .addInt32Data(7));
        g.addInitializer(TensorProto.newBuilder()
                .setName("h")
                .setDataType(10)
                .addDims(2)
                .addInt32Data(0x3c00)
                .addInt32Data(0xc100));
        g.addInitializer(
                TensorProto.newBuilder().setName("d").setDataType(11).addDims(1).addDoubleData(0.25));
        g.addInitializer(
                TensorProto.newBuilder().setName("u").setDataType(12).addDims(1).addUint64Data(4_000_000_000L));
        ModelProto m = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
                .setGraph(g)
                .build();
        Graph read = OnnxReader.read(Files.write(work.resolve("t.onnx"), m.toByteArray()));
        assertThat(read.initializer("f").orElseThrow().floats()).containsExactly(1.5f, -2);
        assertThat(read.initializer("l").orElseThrow().longs()).containsExactly(1L << 40);
        assertThat(read.initializer("b").orElseThrow().longs()).containsExactly(-5, 7);
        assertThat(read.initializer("h").orElseThrow().floats()).containsExactly(1, -2.5f);
        assertThat(read.initializer("d").orElseThrow().floats()).containsExactly(0.25f);
        assertThat(read.initializer("u").orElseThrow().longs()).containsExactly(4_000_000_000L);
    }

    @Test
    void externalDataIsMappedAndNamelessNodesGetNames() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 6; i++) {
            data.putFloat(i);
        }
        Files.write(work.resolve("weights.bin"), data.array());
        TensorProto w = TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addDims(2)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue("weights.bin"))
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("offset").setValue("8"))
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("length").setValue("8"))
                .build();
        GraphProto g = GraphProto.newBuilder()
                .setName("g")
                .addInitializer(w)
                .addNode(NodeProto.newBuilder().setOpType("A").addInput("w").addOutput("o"))
                .addNode(NodeProto.newBuilder().setOpType("B").addInput("o").addOutput("p"))
                .build();
        ModelProto m = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
                .setGraph(g)
                .build();
        Graph read = OnnxReader.read(Files.write(work.resolve("e.onnx"), m.toByteArray()));
        assertThat(read.initializer("w").orElseThrow().floats()).containsExactly(2, 3);
        assertThat(read.nodes().stream().map(n -> n.name())).containsExactly("generated_name_0", "generated_name_1");
    }

    @Test
    void sortingIsStableAndFindsCycles() {
        Graph g = new Graph();
        var edit = g.edit();
        edit.initializer("c", Tensor.scalar(1));
        edit.add(dev.detent.spi.graph.Node.of(
                "b", "Relu", java.util.List.of("x"), java.util.List.of("y"), java.util.Map.of()));
        edit.add(dev.detent.spi.graph.Node.of(
                "z", "Relu", java.util.List.of("c"), java.util.List.of("q"), java.util.Map.of()));
        edit.add(dev.detent.spi.graph.Node.of(
                "a", "Relu", java.util.List.of("c"), java.util.List.of("x"), java.util.Map.of()));
        edit.sort();
        assertThat(g.nodes().stream().map(n -> n.name())).containsExactly("z", "a", "b");
        edit.add(dev.detent.spi.graph.Node.of(
                "l", "Add", java.util.List.of("m", "y"), java.util.List.of("n"), java.util.Map.of()));
        edit.add(dev.detent.spi.graph.Node.of(
                "k", "Add", java.util.List.of("n", "y"), java.util.List.of("m"), java.util.Map.of()));
        org.assertj.core.api.Assertions.assertThatThrownBy(edit::sort).hasMessageContaining("cycle");
        assertThat(ElementType.INT4.bytes(3)).isEqualTo(2);
    }
}
