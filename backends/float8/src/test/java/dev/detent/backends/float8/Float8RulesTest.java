package dev.detent.backends.float8;

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

class Float8RulesTest {

    static List<Target> targets() {
        return new Float8().targets();
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

    /** OCP 8-bit floating point, E4M3: up to 448. */
    @Test
    void inputsAreE4m3() {
        assertThat(rules("fp8-e4m3"))
                .containsEntry("Conv in 0", "e4m3 8 bit [-448, 448] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "e4m3 8 bit [-448, 448] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "e4m3 8 bit [-448, 448] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "e4m3 8 bit [-448, 448] symmetric per channel 1, minmax")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }

    /** OCP 8-bit floating point, E5M2: up to 57344. */
    @Test
    void inputsAreE5m2() {
        assertThat(rules("fp8-e5m2"))
                .containsEntry("Conv in 0", "e5m2 8 bit [-57344, 57344] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "e5m2 8 bit [-57344, 57344] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "float")
                .containsEntry("Gemm in 1", "e5m2 8 bit [-57344, 57344] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "e5m2 8 bit [-57344, 57344] symmetric per channel 1, minmax")
                .doesNotContainKeys("Sigmoid in 0", "Softmax in 0", "Relu in 0", "Concat in 0");
    }

    /** Graphcore scales by an exponent bias. */
    @Test
    void scalesArePowersOfTwo() {
        assertThat(rules("graphcore-fp8"))
                .containsEntry("Conv in 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Conv in 1", "e4m3 8 bit [-448, 448] symmetric per channel 0 power of two, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Gemm in 1", "e4m3 8 bit [-448, 448] symmetric per channel 0 power of two, minmax")
                .containsEntry("MatMul in 1", "e4m3 8 bit [-448, 448] symmetric per channel 1 power of two, minmax")
                .containsEntry("Relu out 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Add in 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Add in 1", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Add out 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Concat out 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .containsEntry("Sigmoid out 0", "e4m3 8 bit [-448, 448] symmetric per tensor power of two, mse")
                .doesNotContainKeys("Softmax in 0");
    }
}
