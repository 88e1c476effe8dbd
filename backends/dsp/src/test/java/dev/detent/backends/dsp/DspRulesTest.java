package dev.detent.backends.dsp;

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

class DspRulesTest {

    static List<Target> targets() {
        return new Dsp().targets();
    }

    private static Map<String, String> rules(String id) {
        return RuleText.of(targets(), id);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void rulesKeepTheContract(Target target) {
        assertThat(RulesContract.check(target, Set.of("minmax", "mse", "unit-range")))
                .isNotEmpty()
                .allMatch(ContractViolation::passed);
    }

    /** QNN's converter: uint8 with offset, a 32-bit bias, 1/255 where the range is the unit interval. */
    @Test
    void everythingIsUnsignedAndPerTensor() {
        assertThat(rules("qnn"))
                .containsEntry("Conv in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per tensor, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [0, 255] asymmetric per tensor, unit-range")
                .containsEntry("Softmax out 0", "linear 8 bit [0, 255] asymmetric per tensor, unit-range");
    }

    /** HTP takes signed weights per channel of convolutions, and of no matrix product. */
    @Test
    void convolutionWeightsAreSignedPerChannel() {
        assertThat(rules("qnn-htp"))
                .containsEntry("Conv in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [0, 255] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [0, 255] asymmetric per tensor, unit-range")
                .containsEntry("Softmax out 0", "linear 8 bit [0, 255] asymmetric per tensor, unit-range");
    }

    /** HTP, A16W8. */
    @Test
    void activationsHaveSixteenBits() {
        assertThat(rules("qnn-htp16"))
                .containsEntry("Conv in 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-127, 127] symmetric per channel 0, minmax")
                .containsEntry(
                        "Conv in 2", "linear 32 bit [-2147483647, 2147483647] symmetric per channel 0, minmax, derived")
                .containsEntry("Conv out 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [0, 255] asymmetric per tensor, minmax")
                .containsEntry("Relu out 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 16 bit [0, 65535] asymmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 16 bit [0, 65535] asymmetric per tensor, unit-range")
                .containsEntry("Softmax out 0", "linear 16 bit [0, 65535] asymmetric per tensor, unit-range");
    }

    /** TIDL takes no offset. */
    @Test
    void everythingIsSigned() {
        assertThat(rules("ti-dsp"))
                .containsEntry("Conv in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Conv in 1", "linear 8 bit [-128, 127] symmetric per channel 0, minmax")
                .containsEntry("Conv in 2", "float")
                .containsEntry("Conv out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Gemm in 1", "linear 8 bit [-128, 127] symmetric per channel 0, minmax")
                .containsEntry("MatMul in 1", "linear 8 bit [-128, 127] symmetric per channel 1, minmax")
                .containsEntry("Relu out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add in 1", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Add out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Concat out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Sigmoid out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse")
                .containsEntry("Softmax out 0", "linear 8 bit [-128, 127] symmetric per tensor, mse");
    }
}
