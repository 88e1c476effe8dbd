package dev.detent.backends.litert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.testkit.ContractViolation;
import dev.detent.testkit.RuleText;
import dev.detent.testkit.RulesContract;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LitertRulesTest {

    static List<Target> targets() {
        return new Litert().targets();
    }

    private static Map<String, String> rules(String id) {
        return RuleText.of(targets(), id);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void rulesKeepTheContract(Target target) {
        assertThat(RulesContract.check(target, Set.of("minmax", "mse", FixedEncoding.PROBABILITY, FixedEncoding.TANH)))
                .isNotEmpty()
                .allMatch(ContractViolation::passed);
    }

    /** LiteRT's quantization specification. */
    @Test
    void rulesAreThoseOfTheSpecification() {
        String activation = "linear 8 bit [-128, 127] asymmetric per tensor, ";
        assertThat(rules("litert"))
                .containsEntry("Conv in 0", activation + "mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv out 0", activation + "mse")
                .containsEntry("Softmax out 0", activation + FixedEncoding.PROBABILITY)
                .containsEntry("Sigmoid out 0", activation + FixedEncoding.PROBABILITY)
                .containsEntry("Add in 1", activation + "mse")
                .doesNotContainKeys("Div in 0", "LayerNormalization in 0", "Exp in 0");
        assertThat(rules("litert16"))
                .containsEntry("Conv in 0", "linear 16 bit [-32768, 32767] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .doesNotContainKeys("PRelu in 0", "HardSwish in 0", "Resize in 0");
    }

    @Test
    void fixedEncodingsAreThoseOfTheKernels() {
        Scheme s8 = LinearInteger.asymmetric(8, -128, 127);
        assertThat(FixedEncoding.parameters(s8, true).scale(0)).isEqualTo(1 / 256f);
        assertThat(FixedEncoding.parameters(s8, true).zeroPoint(0)).isEqualTo(-128);
        assertThat(FixedEncoding.parameters(s8, false).scale(0)).isEqualTo(1 / 128f);
        assertThat(FixedEncoding.parameters(s8, false).zeroPoint(0)).isZero();
        Scheme s16 = LinearInteger.symmetric(16, -32768, 32767);
        assertThat(FixedEncoding.parameters(s16, true).scale(0)).isEqualTo(1 / 32768f);
        assertThat(FixedEncoding.parameters(s16, false).scale(0)).isEqualTo(1 / 32768f);
    }
}
