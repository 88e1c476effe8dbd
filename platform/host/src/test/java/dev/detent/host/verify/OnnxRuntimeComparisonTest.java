package dev.detent.host.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class OnnxRuntimeComparisonTest {

    /** The ratio was no number then, and no number is less than what is allowed. */
    @Test
    void whatIsNoNumberInTheFileAloneIsAsFarAsCanBe() {
        assertThat(OnnxRuntimeComparison.snr(new float[] {1, 2}, new float[] {1, Float.NaN}))
                .isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @Test
    void whatIsNoNumberInBothSaysNothing() {
        assertThat(OnnxRuntimeComparison.snr(new float[] {3, Float.NaN}, new float[] {3, Float.NaN}))
                .isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(OnnxRuntimeComparison.snr(new float[] {10, Float.NaN}, new float[] {9, Float.NaN}))
                .isCloseTo(20, within(1e-9));
    }
}
