package dev.detent.backends.openvino;

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

class OpenVinoRulesTest {

    static List<Target> targets() {
        return new OpenVino().targets();
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

    /** NNCF: inputs of convolutions, matrix products and additions; unsigned where nothing is negative. */
    @Test
    void inputsOfComputingOperators() {
        assertThat(rules("openvino"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-127, 127] symmetric per channel 1, minmax")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] symmetric per tensor, mse")
                .containsEntry("Add out 0", "float")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }

    /** Without VNNI the sums of two products need one bit of the weights. */
    @Test
    void weightsLeaveRoomForSums() {
        assertThat(rules("openvino-avx2"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 7 bit [-64, 63] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "linear 7 bit [-64, 63] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "linear 7 bit [-64, 63] symmetric per channel 1, minmax")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] symmetric per tensor, mse")
                .containsEntry("Add out 0", "float")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }
}
