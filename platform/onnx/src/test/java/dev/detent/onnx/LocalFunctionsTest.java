package dev.detent.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.FunctionProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFunctionsTest {

    private static final String OWN = "acme";

    @TempDir
    Path work;

    private static NodeProto.Builder call(String domain, String type, List<String> inputs, String... outputs) {
        return NodeProto.newBuilder()
                .setDomain(domain)
                .setOpType(type)
                .addAllInput(inputs)
                .addAllOutput(Arrays.asList(outputs));
    }

    private static FunctionProto.Builder function(String name, int opset, String input, String output) {
        return FunctionProto.newBuilder()
                .setName(name)
                .setDomain(OWN)
                .addInput(input)
                .addOutput(output)
                .addOpsetImport(opset("", opset))
                .addOpsetImport(opset(OWN, 1));
    }

    private static OperatorSetIdProto opset(String domain, int version) {
        return OperatorSetIdProto.newBuilder()
                .setDomain(domain)
                .setVersion(version)
                .build();
    }

    private static AttributeProto reference(String name, String of) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setRefAttrName(of)
                .setType(AttributeProto.AttributeType.FLOAT)
                .build();
    }

    private static AttributeProto number(String name, float value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setF(value)
                .setType(AttributeProto.AttributeType.FLOAT)
                .build();
    }

    private Graph read(List<NodeProto.Builder> nodes, FunctionProto.Builder... functions) throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder()
                .addInput(ValueInfoProto.newBuilder().setName("x"))
                .addOutput(ValueInfoProto.newBuilder().setName("y"));
        nodes.forEach(g::addNode);
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(opset("", 17))
                .addOpsetImport(opset(OWN, 1))
                .setGraph(g);
        Arrays.asList(functions).forEach(model::addFunctions);
        Path file = work.resolve("m.onnx");
        Files.write(file, model.build().toByteArray());
        return OnnxReader.read(file);
    }

    private static FunctionProto.Builder leaky() {
        return function("leaky", 17, "a", "b")
                .addAttribute("slope")
                .addNode(call("", "LeakyRelu", List.of("a"), "b").addAttribute(reference("alpha", "slope")));
    }

    /** Twice the same function, one inside another, with inner values of the same name. */
    @Test
    void callsBecomeTheirNodes() throws IOException {
        FunctionProto.Builder twice = function("twice", 17, "a", "b")
                .addAttribute("slope")
                .addNode(call(OWN, "leaky", List.of("a"), "t").addAttribute(reference("slope", "slope")))
                .addNode(call(OWN, "leaky", List.of("t"), "b").addAttribute(number("slope", 0.5f)));
        Graph graph = read(
                List.of(
                        call(OWN, "twice", List.of("x"), "t").addAttribute(number("slope", 0.25f)),
                        call(OWN, "twice", List.of("t"), "y")),
                leaky(),
                twice);
        assertThat(graph.nodes())
                .extracting(Node::opType)
                .containsExactly("LeakyRelu", "LeakyRelu", "LeakyRelu", "LeakyRelu");
        // What the second call leaves out has the operator's own default.
        assertThat(graph.nodes())
                .extracting(n -> n.floatAttribute("alpha", 0.01f))
                .containsExactly(0.25f, 0.5f, 0.01f, 0.5f);
        assertThat(graph.nodes()).extracting(Node::name).doesNotHaveDuplicates();
        assertThat(graph.nodes()).extracting(n -> n.output(0)).doesNotHaveDuplicates();
        Node last = graph.producer("y").orElseThrow();
        Node third = graph.producer(last.input(0)).orElseThrow();
        assertThat(graph.producer(third.input(0)).orElseThrow().output(0)).isEqualTo("t");
    }

    @Test
    void defaultsOfAttributesHold() throws IOException {
        FunctionProto.Builder f = function("soft", 17, "a", "b")
                .addAttributeProto(number("slope", 0.125f))
                .addNode(call("", "LeakyRelu", List.of("a"), "b").addAttribute(reference("alpha", "slope")));
        Graph graph = read(List.of(call(OWN, "soft", List.of("x"), "y")), f);
        assertThat(graph.producer("y").orElseThrow().floatAttribute("alpha", 0)).isEqualTo(0.125f);
    }

    /** An output that is an input needs a node that makes it. */
    @Test
    void whatIsPassedOnStaysThere() throws IOException {
        Graph graph = read(List.of(call(OWN, "same", List.of("x"), "y")), function("same", 17, "a", "a"));
        assertThat(graph.nodes()).extracting(Node::toString).hasSize(1);
        assertThat(graph.producer("y").orElseThrow().opType()).isEqualTo("Identity");
        assertThat(graph.producer("y").orElseThrow().inputs()).containsExactly("x");
    }

    /** Its nodes mean what they mean in its own operator set. */
    @Test
    void aFunctionOfAnotherOperatorSetStaysACall() throws IOException {
        FunctionProto.Builder old = function("old", 11, "a", "b").addNode(call("", "Relu", List.of("a"), "b"));
        Graph graph = read(List.of(call(OWN, "old", List.of("x"), "y")), old);
        assertThat(graph.nodes()).extracting(Node::opType).containsExactly("old");
        Path again = work.resolve("again.onnx");
        OnnxWriter.write(graph, again);
        assertThat(ModelProto.parseFrom(Files.readAllBytes(again)).getFunctionsList())
                .extracting(FunctionProto::getName)
                .containsExactly("old");
    }

    @Test
    void aFunctionThatCallsItselfIsRefused() {
        FunctionProto.Builder loop = function("loop", 17, "a", "b").addNode(call(OWN, "loop", List.of("a"), "b"));
        assertThatThrownBy(() -> read(List.of(call(OWN, "loop", List.of("x"), "y")), loop))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("function 'loop' of domain 'acme' calls itself");
    }

    /** Forty functions that call the next one twice each: a million million nodes, and no end. */
    @Test
    void functionsThatGrowWithoutEndAreRefused() {
        FunctionProto.Builder[] all = new FunctionProto.Builder[40];
        for (int i = 0; i < all.length - 1; i++) {
            all[i] = function("f" + i, 17, "a", "b")
                    .addNode(call(OWN, "f" + (i + 1), List.of("a"), "t"))
                    .addNode(call(OWN, "f" + (i + 1), List.of("t"), "b"));
        }
        all[all.length - 1] =
                function("f" + (all.length - 1), 17, "a", "b").addNode(call("", "Relu", List.of("a"), "b"));
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThatThrownBy(() -> read(List.of(call(OWN, "f0", List.of("x"), "y")), all))
                        .isInstanceOf(UserException.class)
                        .hasMessageContaining("more than 1000000 nodes"));
    }

    /** Every one looked for its name among those of all before it. */
    @Test
    void aHundredThousandCallsOfOneFunctionAreRead() {
        List<NodeProto.Builder> calls = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            calls.add(call(OWN, "f", List.of(i == 0 ? "x" : "v" + i), i == 99_999 ? "y" : "v" + (i + 1)));
        }
        Graph graph = Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> read(calls, function("f", 17, "a", "b").addNode(call("", "Relu", List.of("a"), "b"))));
        assertThat(graph.nodes()).hasSize(100_000);
    }
}
