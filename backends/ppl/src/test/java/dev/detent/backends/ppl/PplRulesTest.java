package dev.detent.backends.ppl;

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

class PplRulesTest {

    static List<Target> targets() {
        return new Ppl().targets();
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

    /** PPL CUDA: signed per tensor, weights per channel, no matrix products of activations. */
    @Test
    void everythingIsSigned() {
        assertThat(rules("ppl-cuda"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] symmetric per channel 0, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .doesNotContainKeys("MatMul in 0", "Softmax in 0");
    }
}
