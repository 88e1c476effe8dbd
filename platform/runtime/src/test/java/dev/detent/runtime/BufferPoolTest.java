package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class BufferPoolTest {

    @Test
    void aPlaceServesTheNextValueOfAboutItsSize() {
        BufferPool places = new BufferPool();
        FloatBuffer first = places.take(100);
        places.giveBack(first);
        assertThat(places.take(60)).isSameAs(first);
        places.giveBack(first);
        assertThat(places.take(30)).as("more than half would lie empty").isNotSameAs(first);
        assertThat(places.take(101)).isNotSameAs(first);
    }

    @Test
    void whatJavaCannotHoldIsNamed() {
        assertThat(BufferPool.size("x", 536_870_911)).isEqualTo(536_870_911);
        assertThatThrownBy(() -> BufferPool.size("x", 2_030_043_392L))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("x: has 2030043392 elements");
    }
}
