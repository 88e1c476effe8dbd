package dev.detent.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {

    /** Every magnitude, and the neighbours of powers of two, where floats lie twice as near on one side. */
    @Test
    void aNumberIsShortAndComesBack() {
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            float value =
                    i % 4 == 0 ? Math.scalb(1f, random.nextInt(120) - 60) : Float.intBitsToFloat(random.nextInt());
            if (i % 8 == 0) {
                value = random.nextBoolean() ? Math.nextUp(value) : Math.nextDown(value);
            }
            if (Float.isFinite(value)) {
                BigDecimal written = Json.number(value).stripTrailingZeros();
                assertThat(written.floatValue()).isEqualTo(value == 0 ? 0 : value);
                assertThat(written.precision())
                        .isLessThanOrEqualTo(new BigDecimal(Float.toString(value))
                                .stripTrailingZeros()
                                .precision());
            }
        }
    }

    @Test
    void wholeNumbersArePlain() {
        assertThat(Json.compact(new float[] {0, -0f, 1, -128, 1000, 1 << 25})).isEqualTo("[0,0,1,-128,1000,33554432]");
    }

    @Test
    void smallNumbersHaveAnExponent() {
        assertThat(Json.number(0.0123f)).hasToString("0.0123");
        assertThat(Json.number(1.5e-9f)).hasToString("1.5E-9");
    }
}
