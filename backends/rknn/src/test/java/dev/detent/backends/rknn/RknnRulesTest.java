package dev.detent.backends.rknn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.Target;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.RuleText;
import dev.detent.testkit.RulesContract;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RknnRulesTest {

    static List<Target> targets() {
        return new Rknn().targets();
    }

    private static Map<String, String> rules(String id) {
        return RuleText.of(targets(), id);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void rulesKeepTheContract(Target target) {
        assertThat(RulesContract.check(target, Set.of("minmax", "mse")))
                .isNotEmpty()
                .allMatch(ContractViolation::passed);
    }

    /** asymmetric_quantized-8 of rknn-toolkit2, per layer. */
    @Test
    void everythingIsAsymmetricPerTensor() {
        assertThat(rules("rknn"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] asymmetric per tensor, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per tensor, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] asymmetric per tensor, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-128, 127] asymmetric per tensor, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .doesNotContainKeys("Softmax in 0");
    }

    /** What the toolkit makes itself with quantized_method='channel'; symmetric weights it would round anew. */
    @Test
    void weightsAreAsymmetricPerChannel() {
        assertThat(rules("rknn-channel"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] asymmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] asymmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-128, 127] asymmetric per channel 1, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .doesNotContainKeys("Softmax in 0");
    }
}
