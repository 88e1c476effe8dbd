package dev.detent.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorCheckTest {

    @TempDir
    Path work;

    /** ONNX Runtime 1.28 dies of a segmentation fault. */
    @Test
    void anEmptyInputInTheMiddleOfASum() throws IOException {
        Path file = write(11, GraphProto.newBuilder().addNode(node("clip", "Sum", "x", "", "y")));
        assertThatThrownBy(() -> OnnxReader.read(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-ONX-021")
                .hasMessageContaining(file.toString())
                .hasMessageContaining("Sum 'clip' lacks input 1");
    }

    /** ONNX Runtime 1.28 aborts: R and B stand in the places of W and R. */
    @Test
    void anLstmWithoutW() throws IOException {
        Path file = write(
                13,
                GraphProto.newBuilder()
                        .addInitializer(floats("R", 1, 16, 4))
                        .addInitializer(floats("B", 1, 32))
                        .addNode(node("l", "LSTM", "x", "R", "B")));
        assertThatThrownBy(() -> OnnxReader.read(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("LSTM 'l' has a tensor of 2 dimensions, 'B', as its input 2, 'R', which has 3");
    }

    @Test
    void branchesAreLookedIntoToo() throws IOException {
        NodeProto.Builder branch = node("if", "If", "c");
        branch.addAttribute(AttributeProto.newBuilder()
                .setName("then_branch")
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(GraphProto.newBuilder().addNode(node("inner", "MatMul", "a"))));
        Path file = write(13, GraphProto.newBuilder().addNode(branch));
        assertThatThrownBy(() -> OnnxReader.read(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("MatMul 'inner' has 1 input; MatMul takes 2");
    }

    @Test
    void whatItDoesNotKnowIsLeftToOnnxRuntime() throws IOException {
        NodeProto.Builder foreign = node("f", "Sum").setDomain("com.example");
        Path file = write(13, GraphProto.newBuilder().addNode(foreign).addNode(node("n", "Newer", "", "x")));
        assertThat(OnnxReader.read(file).nodes()).hasSize(2);
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

    private static NodeProto.Builder node(String name, String opType, String... inputs) {
        return NodeProto.newBuilder()
                .setName(name)
                .setOpType(opType)
                .addAllInput(List.of(inputs))
                .addOutput(name + "_out");
    }

    private static TensorProto floats(String name, long... dims) {
        int count = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(1)
                .addAllDims(Arrays.stream(dims).boxed().toList())
                .addAllFloatData(java.util.Collections.nCopies(count, 0f))
                .build();
    }
}
