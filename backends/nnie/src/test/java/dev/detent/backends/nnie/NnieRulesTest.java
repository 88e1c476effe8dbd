package dev.detent.backends.nnie;

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

class NnieRulesTest {

    static List<Target> targets() {
        return new Nnie().targets();
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

    /** NNIE's grid of 16 steps per octave, inputs only. */
    @Test
    void everythingIsOnTheLogarithmicGrid() {
        assertThat(rules("nnie"))
                .containsEntry("Conv in 0", "log16 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Conv in 1", "log16 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "log16 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Add in 0", "log16 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Add in 1", "log16 8 bit [-127, 127] symmetric per tensor, minmax")
                .containsEntry("Add out 0", "float")
                .containsEntry("Concat out 0", "float")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Relu in 0");
    }

    /** 128 steps per octave. */
    @Test
    void sixteenBitsHaveAFinerGrid() {
        assertThat(rules("nnie16"))
                .containsEntry("Conv in 0", "log128 16 bit [-32767, 32767] symmetric per tensor, minmax")
                .containsEntry("Conv in 1", "log128 16 bit [-32767, 32767] symmetric per tensor, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "log128 16 bit [-32767, 32767] symmetric per tensor, minmax")
                .containsEntry("Add in 0", "log128 16 bit [-32767, 32767] symmetric per tensor, minmax")
                .containsEntry("Add in 1", "log128 16 bit [-32767, 32767] symmetric per tensor, minmax")
                .containsEntry("Add out 0", "float")
                .containsEntry("Concat out 0", "float")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Relu in 0");
    }

    /** The newer NPU is linear: an offset for activations, weights per channel. */
    @Test
    void weightsAreSignedPerChannel() {
        assertThat(rules("svp-npu"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "float")
                .containsEntry("Concat out 0", "float")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Relu in 0");
    }
}
