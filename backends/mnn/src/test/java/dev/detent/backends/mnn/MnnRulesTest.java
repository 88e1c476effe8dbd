package dev.detent.backends.mnn;

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

class MnnRulesTest {

    static List<Target> targets() {
        return new Mnn().targets();
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

    /** MNN: signed, -127 to 127, weights per channel, float bias. */
    @Test
    void convolutionsAreSigned() {
        assertThat(rules("mnn"))
                .containsEntry("Conv in 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Relu out 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-127, 127] symmetric per tensor, mse")
                .doesNotContainKeys("MatMul in 0", "Sigmoid in 0", "Softmax in 0", "Concat in 0");
    }
}
