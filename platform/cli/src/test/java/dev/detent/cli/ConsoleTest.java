package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "input x  FLOAT[1, 3]", "名前 \ud83d\ude00 ü", "a\\nb"})
    void whatIsPrintableStays(String line) {
        assertThat(Console.printable(line)).isSameAs(line);
    }

    @ParameterizedTest
    @CsvSource({"10,\\u000a", "27,\\u001b", "9,\\u0009", "133,\\u0085", "8232,\\u2028", "8238,\\u202e", "127,\\u007f"})
    void whatWouldMoveTheCursorOrForgeALineIsShown(int codePoint, String shown) {
        assertThat(Console.printable("a" + Character.toString(codePoint) + "b")).isEqualTo("a" + shown + "b");
    }

    /** Seventeen layers of which the same is said are one line. */
    @Test
    void whatIsSaidOfSeveralThingsIsSaidOnce() {
        List<Problem> problems = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            problems.add(new Problem("DT-X-1", Problem.Severity.WARNING, "stays float", "conv" + i));
        }
        problems.add(1, new Problem("DT-X-1", Problem.Severity.WARNING, "is something else", "conv1"));
        assertThat(Console.grouped(problems))
                .containsExactly(
                        new Problem(
                                "DT-X-1", Problem.Severity.WARNING, "stays float", "conv1, conv2, conv3 and 2 more"),
                        new Problem("DT-X-1", Problem.Severity.WARNING, "is something else", "conv1"));
    }
}
