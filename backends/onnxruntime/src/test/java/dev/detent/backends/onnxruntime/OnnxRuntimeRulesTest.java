package dev.detent.backends.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.RuleText;
import dev.detent.testkit.RulesContract;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxRuntimeRulesTest {

    static List<Target> targets() {
        return new OnnxRuntime().targets();
    }

    private static Map<String, String> rules(String id) {
        return RuleText.of(targets(), id);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void rulesKeepTheContract(Target target) {
        assertThat(RulesContract.check(target, Set.of("minmax", "mse", "pairs", "dynamic-uint8")))
                .isNotEmpty()
                .allMatch(ContractViolation::passed);
    }

    /** x64 kernels are fastest for uint8 activations and int8 weights; weights leave the 16-bit sums room. */
    @Test
    void activationsAreUnsignedWeightsSigned() {
        assertThat(rules("onnxruntime"))
                .containsEntry("Conv in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, pairs")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, pairs")
                .containsEntry("MatMul in 1", "linear 8 bit [-127, 127] symmetric per channel 1, pairs")
                .containsEntry("Relu out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .doesNotContainKeys("Softmax in 0");
    }

    /** ARM64 kernels take signed activations. */
    @Test
    void activationsAreSigned() {
        assertThat(rules("onnxruntime-arm64"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-127, 127] symmetric per channel 1, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .doesNotContainKeys("Softmax in 0");
    }

    /** The QNN execution provider wants every operator quantized, matrices per tensor. */
    @Test
    void softmaxIsQuantizedToo() {
        assertThat(rules("qnn-ep"))
                .containsEntry("Conv in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Softmax out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse");
    }

    /** DynamicQuantizeLinear in front of matrix products. */
    @Test
    void matricesOnly() {
        assertThat(rules("onnxruntime-dynamic"))
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, pairs")
                .containsEntry("MatMul in 1", "linear 8 bit [-127, 127] symmetric per channel 1, pairs")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }

    /** MatMulNBits: 4 bits with zero points in blocks of 32, activations float. */
    @Test
    void weightsInBlocksOnly() {
        assertThat(rules("onnxruntime-int4"))
                .containsEntry("Gemm in 1", "linear 4 bit [0, 15] asymmetric per channel 0 in blocks of 32, minmax")
                .containsEntry("MatMul in 1", "linear 4 bit [0, 15] asymmetric per channel 1 in blocks of 32, minmax")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }

    /** Tables of 8 bits in blocks cost next to nothing; who wants the smallest file asks for 4. */
    @Test
    void tablesInBlocksMayHaveFourBits() {
        Graph graph = new Graph()
                .edit()
                .opset("", 17)
                .input(ValueInfo.of("ids", ElementType.INT64, 1, 4))
                .initializer("table", Tensor.ofFloats(new long[] {32, 64}, new float[32 * 64]))
                .add(Node.of("embed", "Gather", List.of("table", "ids"), List.of("e"), Map.of()))
                .graph();
        Node embed = graph.node("embed").orElseThrow();
        assertThat(target("onnxruntime-int4").alternatives(embed, graph))
                .extracting(rule -> rule.inputs().get(0).scheme().bits())
                .contains(8, 4);
        assertThat(target("onnxruntime").alternatives(embed, graph))
                .extracting(rule -> rule.inputs().get(0).scheme().bits())
                .containsOnly(8);
    }

    private static Target target(String id) {
        return targets().stream().filter(t -> t.id().equals(id)).findFirst().orElseThrow();
    }
}
