package dev.detent.backends.esp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.QuantizationRecipe;
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

/** ESP-DL: scales that are powers of two. */
class EspRulesTest {

    static List<Target> targets() {
        return new Esp().targets();
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

    @Test
    void theP4RoundsToEvenAndHasWeightsPerChannel() {
        assertThat(rules("esp32p4"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per channel 0 power of two, minmax")
                .containsEntry(
                        "Conv in 2",
                        "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0 power of two, minmax, derived")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor power of two, mse")
                .doesNotContainKeys("Softmax in 0");
    }

    @Test
    void theS3HasOneScalePerWeightAndABiasOf20Bits() {
        assertThat(rules("esp32s3"))
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, minmax")
                .containsEntry(
                        "Conv in 2",
                        "linear 20 bit [-524287, 524287] symmetric per tensor power of two, minmax, derived");
    }

    @Test
    void thePlainKernelsHaveABiasOf32Bits() {
        assertThat(rules("esp32"))
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per tensor power of two, minmax")
                .containsEntry(
                        "Conv in 2",
                        "linear 32 bit [-2147483647, 2147483647] symmetric per tensor power of two, minmax, derived");
    }

    /** esp-ppq's espdl_setting. Otherwise its executor gave 90 % of a Concat's codes, and 52 % behind 25 layers. */
    @Test
    void whatAConcatTakesHasItsExponent() {
        DefaultRecipes host = new DefaultRecipes() {
            @Override
            public QuantizationRecipe integer() {
                return QuantizationRecipe.dispatchedBy("any").with("alignment");
            }

            @Override
            public QuantizationRecipe inputsOnly() {
                throw new AssertionError("ESP-DL computes in integers throughout");
            }
        };
        assertThat(targets())
                .allSatisfy(t -> assertThat(t.recipe(host).passes().get("alignment"))
                        .containsEntry("concat", "Align to Output")
                        .containsEntry("elementwise", "Align to Output")
                        .containsEntry("resize", "Align to Output"));
    }
}
