package dev.detent.backends.ascend;

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

class AscendRulesTest {

    static List<Target> targets() {
        return new Ascend().targets();
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

    /** AMCT quantizes the inputs of convolutions and inner products (IFMR), weights per output channel (ARQ). */
    @Test
    void activationsAreUnsignedAndOutputsFloat() {
        assertThat(rules("ascend"))
                .containsEntry("Conv in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] symmetric per tensor, minmax")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }
}
