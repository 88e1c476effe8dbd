package dev.detent.backends.vitis;

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

class VitisRulesTest {

    static List<Target> targets() {
        return new Vitis().targets();
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

    /** DPU: power-of-two scales throughout, a calibrated 8-bit bias. */
    @Test
    void everythingIsAPowerOfTwoTheBiasToo() {
        assertThat(rules("vitis"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, minmax")
                .containsEntry("Conv in 2", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0");
    }
}
