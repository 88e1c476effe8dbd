package dev.detent.backends.ncnn;

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

class NcnnRulesTest {

    static List<Target> targets() {
        return new Ncnn().targets();
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

    /**
     * ncnn quantizes what convolutions and inner products read; 3x3 kernels of stride 1 run as Winograd F(4,3), whose
     * weights have 6 bits.
     */
    @Test
    void inputsOfConvolutionsOnly() {
        assertThat(rules("ncnn"))
                .containsEntry("Conv in 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 6 bit [-31, 31] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }
}
