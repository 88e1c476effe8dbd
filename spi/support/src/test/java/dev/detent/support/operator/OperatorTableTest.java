package dev.detent.support.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.operator.Operator.Count;
import dev.detent.support.operator.Operator.Input;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table against onnx-schemas.tsv, which onnx_schemas.py beside it writes from ONNX's own schemas. */
class OperatorTableTest {

    private static final int OLDEST = 7;
    private static final int NEWEST = 26;

    /** A line of the file. */
    record Schema(String opType, int since, Count inputs, Count outputs, boolean withdrawn, List<String> names) {
        static Schema of(String line) {
            String[] c = line.split("\t", -1);
            return new Schema(
                    c[0],
                    Integer.parseInt(c[1]),
                    new Count(Integer.parseInt(c[2]), Integer.parseInt(c[3])),
                    new Count(Integer.parseInt(c[4]), Integer.parseInt(c[5])),
                    c[6].equals("deprecated"),
                    c[7].isEmpty() ? List.of() : List.of(c[7].split(" ")));
        }
    }

    static List<Schema> schemas() throws IOException {
        try (InputStream in = OperatorTableTest.class.getResourceAsStream("onnx-schemas.tsv")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(Schema::of)
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void agreesWithOnnx(Schema schema) {
        Operator o = OperatorTable.of(node(schema.opType()), Math.max(OLDEST, schema.since()))
                .orElseThrow(() -> new AssertionError(schema.opType() + " is missing in operators.table"));
        assertThat(o.arity()).as("inputs of " + schema).isEqualTo(schema.inputs());
        assertThat(o.outputs()).as("outputs of " + schema).isEqualTo(schema.outputs());
        assertThat(o.inputs()).extracting(OperatorTableTest::named).as("inputs").isEqualTo(schema.names());
        assertThat(o.traits().contains(Trait.WITHDRAWN)).as("withdrawn").isEqualTo(schema.withdrawn());
    }

    /** No row that ONNX does not have, and none for an opset at which nothing changed. */
    @Test
    void hasNothingElse() throws IOException {
        assertThat(OperatorTable.rows().stream().map(o -> o.opType() + "-" + o.since()))
                .containsExactlyInAnyOrderElementsOf(schemas().stream()
                        .map(s -> s.opType() + "-" + s.since())
                        .toList());
        assertThat(OperatorTable.rows()).extracting(Operator::since).allMatch(s -> s <= NEWEST);
    }

    private static String named(Input input) {
        return input.name()
                + switch (input.presence()) {
                    case REQUIRED, TOLERATED_ABSENT -> "";
                    case OPTIONAL -> "?";
                    case ANY_NUMBER, ONE_OR_MORE -> "*";
                };
    }

    @Test
    void rowsHoldUpToTheNext() {
        assertThat(OperatorTable.of(node("Squeeze"), 12).orElseThrow().since()).isEqualTo(1);
        assertThat(OperatorTable.of(node("Squeeze"), 13).orElseThrow().since()).isEqualTo(13);
        assertThat(OperatorTable.of(node("Gelu"), 19)).isEmpty();
        assertThat(OperatorTable.of(node("SkipLayerNormalization"), 20)).isEmpty();
        assertThat(OperatorTable.of(node("Relu").withOpType("com.example", "Relu"), 20))
                .isEmpty();
    }

    @Test
    void rolesFollowPositionAndOpset() {
        Graph g = graph(13);
        assertThat(OperatorTable.role(node("Conv", "x", "w", "b"), 2, g)).isEqualTo(InputRole.BIAS);
        assertThat(OperatorTable.role(node("Slice", "x", "s", "e", "a", "t"), 3, g))
                .isEqualTo(InputRole.AXES);
        assertThat(OperatorTable.role(node("Concat", "x", "y", "z"), 2, g)).isEqualTo(InputRole.DATA);
        assertThat(OperatorTable.role(node("Loop", "m", "c", "v", "w"), 3, g)).isEqualTo(InputRole.DATA);
        assertThat(OperatorTable.role(node("Unknown", "x", "y"), 1, g)).isEqualTo(InputRole.DATA);
    }

    @Test
    void kindsThatTargetsAreWrittenIn() {
        assertThat(OperatorTable.types(Trait.WEIGHTED))
                .containsExactlyInAnyOrder("Conv", "ConvTranspose", "Gemm", "MatMul");
        assertThat(OperatorTable.biased()).containsExactlyInAnyOrder("Conv", "ConvTranspose", "Gemm");
        assertThat(OperatorTable.types(Trait.PROBABILITY))
                .containsExactlyInAnyOrder("Sigmoid", "Softmax", "HardSigmoid");
        assertThat(OperatorTable.types(Trait.SHAPE_ONLY, "Relu")).containsExactlyInAnyOrder("Shape", "Size", "Relu");
        assertThat(OperatorTable.is(node("Conv"), Trait.WEIGHTED)).isTrue();
        assertThat(OperatorTable.is(node("Conv").withOpType("com.example", "Conv"), Trait.WEIGHTED))
                .isFalse();
    }

    @Test
    void saysWhatIsWrongWithANode() {
        assertThat(problem(13, node("Relu", "x"))).isEmpty();
        assertThat(problem(13, node("Add", "x"))).contains("Add 'n' has 1 input; Add takes 2");
        assertThat(problem(13, node("Conv", "x", "w", "b", "c"))).contains("Conv 'n' has 4 inputs; Conv takes 2 to 3");
        assertThat(problem(13, node("Sum", "x", "", "y")))
                .contains("Sum 'n' lacks input 1, 'data_0', which Sum cannot do without");
        assertThat(problem(13, node("Concat"))).contains("Concat 'n' has 0 inputs; Concat takes 1 or more");
        assertThat(problem(13, node("MatMul", "x", "")))
                .contains("MatMul 'n' lacks input 1, 'B', which MatMul cannot do without");
        assertThat(problem(13, node("LSTM", "x", "w"))).contains("LSTM 'n' has 2 inputs; LSTM takes 3 to 8");
        assertThat(problem(13, node("Relu", "x").withOutputs(List.of("y", "z"))))
                .contains("Relu 'n' has 2 outputs; Relu gives 1");
        // As ONNX has it, or ONNX Runtime takes it.
        assertThat(problem(13, node("Clip", "x", "", "hi"))).isEmpty();
        assertThat(problem(13, node("Relu", "x", ""))).isEmpty();
        assertThat(problem(11, node("Resize", "x", "", "", "sizes"))).isEmpty();
        assertThat(problem(13, node("Loop", "", "", "v"))).isEmpty();
        assertThat(problem(13, node("Loop", "", ""))).isEmpty();
        assertThat(problem(13, node("NotOfOnnx"))).isEmpty();
    }

    /** An LSTM whose W is gone has R and B in the places of W and R; ONNX Runtime 1.28 ends the process. */
    @Test
    void constantsOfAnotherRankAreAProblem() {
        Graph g = graph(13);
        g.edit()
                .initializer("r", zeros(1, 16, 4))
                .initializer("b", zeros(1, 32))
                .add(node("LSTM", "x", "r", "b"));
        assertThat(OperatorTable.problem(g.node("n").orElseThrow(), g))
                .contains("LSTM 'n' has a tensor of 2 dimensions, 'b', as its input 2, 'R', which has 3");
    }

    private static Optional<String> problem(int opset, Node node) {
        return OperatorTable.problem(node, graph(opset));
    }

    private static Graph graph(int opset) {
        Graph g = new Graph();
        g.edit().opset("", opset);
        return g;
    }

    static Tensor zeros(long... dims) {
        return Tensor.ofFloats(dims, new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)]);
    }

    static Node node(String opType, String... inputs) {
        return Node.of("n", opType, List.of(inputs), List.of("y"), Map.of());
    }
}
