package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.host.record.RunDirectory;
import dev.detent.onnx.Branches;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What lies in branches of If and Loop, quantized, simulated and written. */
class BranchQuantizationTest {

    private static final int WIDTH = 64;

    @TempDir
    Path work;

    private static Attribute branch(String name, Graph g) {
        AttributeProto empty = AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .build();
        return Branches.with(new Attribute.Subgraph(List.of(), new UnmodeledProto(empty.toByteArray())), g);
    }

    private static ValueInfo value(String name, ElementType type, long... dims) {
        return ValueInfo.of(name, type, dims);
    }

    private static Graph product(String in, String weight, boolean own, String out) {
        GraphEditor e = CaseRun.graph(17);
        if (own) {
            e.initializer(weight, CaseRun.weight(weight.hashCode(), WIDTH, WIDTH));
        }
        e.add(Node.of("", "MatMul", List.of(in, weight), List.of(out), Map.of()));
        return e.output(value(out, ElementType.FLOAT, 1, WIDTH)).graph();
    }

    private static Node choice(String other) {
        return Node.of(
                "choice",
                "If",
                List.of("c"),
                List.of("y"),
                Map.of(
                        "then_branch", branch("then_branch", product("x", "own", true, "taken")),
                        "else_branch", branch("else_branch", product("x", "outside", false, other))));
    }

    private static Path written(CaseRun run) throws IOException {
        try (var files = Files.list(run.out())) {
            return files.filter(f -> f.toString().endsWith(".onnx")).findFirst().orElseThrow();
        }
    }

    /** The model takes both ways, by the sign of what comes in; one branch reads a weight from outside. */
    private static GraphEditor choice() {
        GraphEditor e = CaseRun.graph(17).input(value("x", ElementType.FLOAT, 1, WIDTH));
        e.initializer("outside", CaseRun.weight(5, WIDTH, WIDTH)).initializer("zero", Tensor.scalar(0));
        e.add(Node.of("mean", "ReduceMean", List.of("x"), List.of("m"), Map.of("keepdims", new Attribute.IntValue(0))));
        e.add(Node.of("positive", "Greater", List.of("m", "zero"), List.of("c"), Map.of()));
        return e.add(choice("other"));
    }

    @ParameterizedTest
    @CsvSource({"onnxruntime-dynamic, 30, 4", "onnxruntime-int8w, 38, 4", "onnxruntime-int4, 15, 6"})
    void isQuantizedInTheFileAsItIsSimulated(String target, double atLeast, int smaller) throws IOException {
        Graph graph = CaseRun.output(choice(), "y").graph();
        CaseRun run = CaseRun.of(work, graph, target, 1);
        assertThat(run.verified()).isEmpty();
        assertThat(run.outcome().nodes()).isEqualTo(2);
        assertThat(run.snr("exported")).isGreaterThan(atLeast).isCloseTo(run.snr("simulated"), within(1e-6));
        assertThat(Files.size(written(run))).isLessThan(2 * 4 * WIDTH * WIDTH / smaller + 9000);
        assertThat(OnnxReader.read(written(run)).isInitializer("outside")).isFalse();
        RunDirectory record = RunDirectory.read(run.out());
        assertThat(record.record().result().configs().stream()
                        .map(c -> c.slot().node())
                        .distinct()
                        .toList())
                .containsExactlyInAnyOrder(
                        "choice/else_branch/generated_name_0", "choice/then_branch/generated_name_0");
        assertThat(record.record().result().floats().get("choice").why())
                .contains("1 of 1 nodes of its branch 'then_branch'");
    }

    @Test
    void aBranchInTheBodyOfALoopIsQuantizedToo() throws IOException {
        GraphEditor body = CaseRun.graph(17)
                .input(value("i", ElementType.INT64))
                .input(value("goes_on", ElementType.BOOL))
                .input(value("state", ElementType.FLOAT, 1, WIDTH));
        body.add(Node.of(
                "inner",
                "If",
                List.of("c"),
                List.of("next"),
                Map.of(
                        "then_branch", branch("then_branch", product("state", "a", true, "p")),
                        "else_branch", branch("else_branch", product("state", "outside", false, "q")))));
        body.add(Node.of("pass", "Identity", List.of("goes_on"), List.of("still"), Map.of()));
        body.output(value("still", ElementType.BOOL)).output(value("next", ElementType.FLOAT, 1, WIDTH));
        GraphEditor e = choice().initializer("times", Tensor.ofLongs(new long[0], 3))
                .initializer("true", Tensor.of(ElementType.BOOL, new long[0], ByteBuffer.wrap(new byte[] {1})));
        e.add(Node.of(
                "loop",
                "Loop",
                List.of("times", "true", "y"),
                List.of("z"),
                Map.of("body", branch("body", body.graph()))));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "z").graph(), "onnxruntime-dynamic", 1);
        assertThat(run.verified()).isEmpty();
        assertThat(run.outcome().nodes()).isEqualTo(4);
        assertThat(run.snr("exported")).isGreaterThan(25).isCloseTo(run.snr("simulated"), within(1e-6));
    }

    @Test
    void staysAsItIsWhereTheTargetTakesNoBranches() throws IOException {
        Graph graph = CaseRun.output(choice(), "y").graph();
        CaseRun run = CaseRun.of(work, graph, "onnxruntime", 1);
        assertThat(run.outcome().nodes()).isZero();
        assertThat(RunDirectory.read(run.out())
                        .record()
                        .result()
                        .floats()
                        .get("choice")
                        .why())
                .contains("its branch 'then_branch' is computed as it is, with 1 MatMul in float");
    }

    @ParameterizedTest
    @CsvSource({"true, own", "false, outside"})
    void anIfThatAlwaysGoesOneWayIsReplacedByThatBranch(boolean taken, String weight) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(value("x", ElementType.FLOAT, 1, WIDTH));
        e.initializer("outside", CaseRun.weight(5, WIDTH, WIDTH));
        e.initializer("five", Tensor.ofLongs(new long[0], 5))
                .initializer("other", Tensor.ofLongs(new long[0], taken ? 5 : 4));
        e.add(Node.of("same", "Equal", List.of("five", "other"), List.of("c"), Map.of()));
        e.add(choice("other_way"));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "onnxruntime", 1);
        assertThat(run.outcome().nodes()).isEqualTo(1);
        assertThat(run.snr("exported")).isGreaterThan(25);
        Graph file = OnnxReader.read(written(run));
        assertThat(file.nodes()).noneMatch(Node::hasSubgraph);
        assertThat(file.initializers().keySet()).anyMatch(n -> n.startsWith(weight));
        assertThat(file.outputs().get(0).name()).isEqualTo("y");
    }
}
