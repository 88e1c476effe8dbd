package dev.detent.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.AttributeProto.AttributeType;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.SparseTensorProto;
import dev.detent.onnx.proto.StringStringEntryProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.TensorShapeProto;
import dev.detent.onnx.proto.TypeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged models are told as such, in a sentence that names the file, before memory is taken or ONNX Runtime asked. */
class ModelCheckTest {

    @TempDir
    Path work;

    private void refused(GraphProto.Builder graph, String... said) throws IOException {
        refused(13, graph, said);
    }

    private void refused(int opset, GraphProto.Builder graph, String... said) throws IOException {
        Path file = write(opset, graph);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThatThrownBy(() -> OnnxReader.read(file))
                        .isInstanceOf(UserException.class)
                        .hasMessageContaining(file.toString())
                        .hasMessageContainingAll(said));
    }

    private static GraphProto.Builder relu() {
        return GraphProto.newBuilder().addNode(node("r", "Relu", "x", "y"));
    }

    /** 2 GB were allocated before the numbers that are there were counted. */
    @Test
    void aTensorThatSaysItIsHugeTakesNoMemory() throws IOException {
        refused(
                relu().addInitializer(tensor("w", 1, 500_000_000L).addFloatData(1)),
                "tensor 'w' holds 4 bytes where its shape needs 2000000000");
    }

    @ParameterizedTest
    @CsvSource({"4294967296;4294967296", "9223372036854775807;2;0", "-1;3", "3037000500;3037000500"})
    void shapesThatCannotBeCountedAreRefused(String dims) throws IOException {
        long[] shape = Arrays.stream(dims.split(";")).mapToLong(Long::parseLong).toArray();
        refused(relu().addInitializer(tensor("w", 1, shape)), "tensor 'w' has the shape");
        refused(relu().addInitializer(external(tensor("w", 1, shape), "w.bin", "0", "0")), "tensor 'w' has the shape");
    }

    /** {@code offset + length} passed the end of the numbers and came out small. */
    @ParameterizedTest
    @CsvSource({
        "w.bin, 9223372036854775807, 4, does not fit its external file",
        "w.bin, 0, 9223372036854775807, does not fit its external file",
        "w.bin, -1, 4, does not fit its external file",
        "w.bin, zero, 4, malformed external-data entry",
        "w?.bin, 0, 4, malformed external-data entry",
        "folder, 0, 4, is no regular file",
        "../w.bin, 0, 4, outside the model's folder",
        "none.bin, 0, 4, cannot be read"
    })
    void externalDataOutsideTheirFileAreRefused(String location, String offset, String length, String said)
            throws IOException {
        Files.write(work.resolve("w.bin"), new byte[8]);
        Files.createDirectory(work.resolve("folder"));
        refused(
                relu().addInitializer(external(tensor("w", 1, 1), location.replace('?', '\0'), offset, length)),
                "tensor 'w'",
                said);
    }

    @Test
    void aPipeIsNotWaitedFor() throws Exception {
        Path pipe = work.resolve("w.bin");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        refused(relu().addInitializer(external(tensor("w", 1, 1), "w.bin", "0", "4")), "is no regular file");
        Files.delete(pipe);
        assumeTrue(Files.exists(Path.of("/dev/zero")));
        Files.createSymbolicLink(pipe, Path.of("/dev/zero"));
        refused(relu().addInitializer(external(tensor("w", 1, 1), "w.bin", "0", "4")), "outside the model's folder");
    }

    /** The reader once looked for it in the folder where Detent was started. */
    @Test
    void externalDataOfABranchLieBesideTheModel() throws IOException {
        GraphProto branch = GraphProto.newBuilder()
                .addInitializer(external(tensor("w", 1, 1), "nowhere.bin", "0", "4"))
                .addNode(node("inner", "Relu", "w", "z"))
                .addOutput(value("z"))
                .build();
        refused(
                GraphProto.newBuilder()
                        .addNode(node("if", "If", "c", "y")
                                .addAttribute(graph("then_branch", branch))
                                .addAttribute(graph("else_branch", branch))),
                "the external file 'nowhere.bin' of tensor 'w' cannot be read");
    }

    /** "the graph has a cycle", said Detent of itself. */
    @Test
    void twoNodesThatMakeOneValue() throws IOException {
        refused(
                relu().addNode(node("again", "Relu", "y", "y")),
                "the value 'y' is made twice, once by node 'again'; the model is damaged");
        refused(relu().addInitializer(tensor("y", 1)), "the value 'y' is made twice");
    }

    @Test
    void attributesOfAnotherType() throws IOException {
        AttributeProto mode = AttributeProto.newBuilder()
                .setName("training_mode")
                .setType(AttributeType.FLOAT)
                .setF(1)
                .build();
        refused(
                GraphProto.newBuilder().addNode(node("d", "Dropout", "x", "y").addAttribute(mode)),
                "attribute 'training_mode' of Dropout 'd' must be int; the model is damaged");
        AttributeProto axes = AttributeProto.newBuilder()
                .setName("axes")
                .setType(AttributeType.INT)
                .setI(1)
                .build();
        refused(
                11,
                GraphProto.newBuilder().addNode(node("s", "Squeeze", "x", "y").addAttribute(axes)),
                "attribute 'axes' of Squeeze 's' must be ints");
    }

    /** The domain of ONNX's own operators may be written out. */
    @Test
    void attributesOfAnotherTypeInTheDomainByItsLongName() throws IOException {
        AttributeProto axis = AttributeProto.newBuilder()
                .setName("axis")
                .setType(AttributeType.FLOAT)
                .setF(1)
                .build();
        refused(
                GraphProto.newBuilder()
                        .addNode(node("s", "Softmax", "x", "y")
                                .setDomain("ai.onnx")
                                .addAttribute(axis)),
                "attribute 'axis' of Softmax 's' must be int; the model is damaged");
    }

    /** Found by fuzzing: an attribute without a type was taken for the integer that it was not. */
    @Test
    void anAttributeWithoutATypeCannotBeRaised() throws IOException {
        AttributeProto axes =
                AttributeProto.newBuilder().setName("axes").addInts(0).build();
        Graph old = OnnxReader.read(write(
                11,
                GraphProto.newBuilder().addNode(node("s", "Squeeze", "x", "y").addAttribute(axes))));
        assertThatThrownBy(() -> OpsetUpgrade.apply(old, "model.onnx"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("attribute 'axes' of Squeeze does not say that it holds integers");
    }

    @Test
    void attributesOfOldAndForeignOperatorsAreLeftAlone() throws IOException {
        AttributeProto to = AttributeProto.newBuilder()
                .setName("to")
                .setType(AttributeType.STRING)
                .setS(com.google.protobuf.ByteString.copyFromUtf8("FLOAT"))
                .build();
        AttributeProto axis = AttributeProto.newBuilder()
                .setName("axis")
                .setType(AttributeType.FLOAT)
                .setF(1)
                .build();
        Path file = write(
                5,
                GraphProto.newBuilder()
                        .addNode(node("c", "Cast", "x", "y").addAttribute(to))
                        .addNode(node("f", "Own", "y", "z")
                                .setDomain("com.example")
                                .addAttribute(axis)));
        assertThat(OnnxReader.read(file).nodes()).hasSize(2);
    }

    @Test
    void namesThatOnnxRuntimeCannotBeGiven() throws IOException {
        refused(relu().addInput(value("x\0")), "the name 'x?' holds a NUL character");
        refused(relu().addInput(value("x😀")), "holds characters beyond U+FFFF; rename it");
        Path file = write(13, relu().addNode(node("😀", "Relu", "y", "😀")));
        assertThat(OnnxReader.read(file).nodes()).hasSize(2);
    }

    @Test
    void anInputThatNoMachineHolds() throws IOException {
        refused(relu().addInput(value("x", 1 << 20, 1 << 20)), "input 'x' takes more than 2 GB");
        refused(relu().addInput(value("x", Long.MAX_VALUE, Long.MAX_VALUE)), "input 'x' takes more than 2 GB");
    }

    @Test
    void opsetsThatDoNotExist() throws IOException {
        refused(-5, relu(), "imports opset -5");
        refused(2_000_000_000, relu(), "imports opset 2000000000");
    }

    @Test
    void sparseTensorsThatDoNotFit() throws IOException {
        SparseTensorProto.Builder huge = SparseTensorProto.newBuilder()
                .setValues(tensor("w", 1, 1).addFloatData(1))
                .setIndices(tensor("i", 7, 1).addInt64Data(0))
                .addDims(1L << 40);
        refused(relu().addSparseInitializer(huge), "sparse tensor 'w'", "the file is damaged");
        SparseTensorProto.Builder few = SparseTensorProto.newBuilder()
                .setValues(tensor("w", 1, 2).addFloatData(1).addFloatData(2))
                .setIndices(tensor("i", 7, 1).addInt64Data(0))
                .addDims(4);
        refused(relu().addSparseInitializer(few), "has 1 indices for 2 values");
    }

    /** With a heap that would hold more, the size was cut down to an int, which came out negative. */
    @Test
    void aSparseTensorThatNoBufferHolds() throws IOException {
        assumeTrue(Runtime.getRuntime().maxMemory() / 4 > Integer.MAX_VALUE + 1L, "a heap of more than 8 GB");
        SparseTensorProto.Builder large = SparseTensorProto.newBuilder()
                .setValues(tensor("w", 1, 1).addFloatData(1))
                .setIndices(tensor("i", 7, 1).addInt64Data(0))
                .addDims(1L << 29);
        refused(relu().addSparseInitializer(large), "tensor 'w' alone is larger than 2 GB");
    }

    private Path write(int opset, GraphProto.Builder graph) throws IOException {
        Path file = work.resolve("model.onnx");
        Files.write(
                file,
                ModelProto.newBuilder()
                        .setIrVersion(7)
                        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
                        .setGraph(graph)
                        .build()
                        .toByteArray());
        return file;
    }

    private static NodeProto.Builder node(String name, String opType, String input, String output) {
        return NodeProto.newBuilder()
                .setName(name)
                .setOpType(opType)
                .addInput(input)
                .addOutput(output);
    }

    private static AttributeProto graph(String name, GraphProto graph) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.GRAPH)
                .setG(graph)
                .build();
    }

    private static ValueInfoProto value(String name, long... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long d : dims) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(
                                TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape)))
                .build();
    }

    private static TensorProto.Builder tensor(String name, int type, long... dims) {
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(type)
                .addAllDims(Arrays.stream(dims).boxed().toList());
    }

    private static TensorProto external(TensorProto.Builder tensor, String location, String offset, String length) {
        tensor.setDataLocation(TensorProto.DataLocation.EXTERNAL);
        tensor.addExternalData(entry("location", location));
        tensor.addExternalData(entry("offset", offset));
        tensor.addExternalData(entry("length", length));
        return tensor.build();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    /** Detent quantized the one, and ONNX Runtime ran the float model with the other: -10.7 dB, and no word of it. */
    @Test
    void aConstantThatIsThereTwiceIsRefused() throws IOException {
        TensorProto w = tensor("w", 1, 1).addFloatData(1).build();
        refused(relu().addInitializer(w).addInitializer(w), "the value 'w' is twice a constant; the model is damaged");
    }

    /** ONNX Runtime takes twice the time for each level. */
    @Test
    void branchesWithinBranchesWithoutEndAreRefused() throws IOException {
        GraphProto branch =
                GraphProto.newBuilder().addNode(node("leaf", "Relu", "x", "z")).build();
        for (int i = 0; i < 20; i++) {
            NodeProto.Builder outer = node("if" + i, "If", "c", "z");
            for (String name : new String[] {"then_branch", "else_branch"}) {
                outer.addAttribute(AttributeProto.newBuilder()
                        .setName(name)
                        .setType(AttributeProto.AttributeType.GRAPH)
                        .setG(
                                name.startsWith("then")
                                        ? branch
                                        : GraphProto.newBuilder()
                                                .addNode(node("leaf", "Relu", "x", "z"))
                                                .build()));
            }
            branch = GraphProto.newBuilder().addNode(outer).build();
        }
        refused(branch.toBuilder(), "it has branches within branches, more than 16 levels");
    }
}
