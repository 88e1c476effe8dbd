package dev.detent.support.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonValueTest {

    private final FilesInMemory files = new FilesInMemory();

    @Test
    void whatWasWrittenIsRead() {
        String name = "a\n\"b\"\u2028\u001b\\";
        new JsonCodec().write(files, "f", JsonValue.of("t", JsonValue.object(name, List.of(1, 2.5))));
        JsonValue read = new JsonCodec().read(files, "f").get("t").get(name);
        assertThat(read.floats()).containsExactly(1, 2.5f);
        assertThat(files.text("f").lines()).hasSize(1);
    }

    @Test
    void whatIsNotThereIsASentenceWithItsKey() {
        files.text("f", "{\"a\": {\"b\": [1, \"x\", {}]}}");
        JsonValue root = new JsonCodec().read(files, "f");
        refuses(() -> root.get("c"), "f: lacks the key 'c'");
        refuses(() -> root.get("a").get("c"), "f, a: lacks the key 'c'");
        refuses(() -> root.get("a").get("b").floats(), "f, a.b[1]: has 'x' where a number should be");
        refuses(() -> root.get("a").get("b").text(), "f, a.b: has a list where a string should be");
        refuses(() -> root.get("a").get("b").get("x"), "f, a.b: has a list where an object should be");
        refuses(() -> root.get("a").first(), "f, a: has an object where a list should be");
        files.text("f", "{\"a\": []}");
        refuses(() -> new JsonCodec().read(files, "f").get("a").first(), "f, a: is an empty list");
    }

    private static void refuses(Runnable read, String sentence) {
        assertThatThrownBy(read::run).isInstanceOf(UserException.class).hasMessageContaining(sentence);
    }

    @Test
    void numbersThatNoConfigCanHaveNameTheEntry() {
        refuses(() -> ReadBackParameters.parameters("t", new float[] {0}), "t: cannot be what the artefact says");
        refuses(() -> ReadBackParameters.parameters("t", new float[0]), "t: cannot be");
        refuses(() -> ReadBackParameters.parameters("t", new float[] {1}, Float.NaN), "t: cannot be");
        refuses(() -> ReadBackParameters.parameters("t", new float[] {1, 1, 1}, 0, 0), "3 scales and 2 zero points");
        assertThat(ReadBackParameters.parameters("t", new float[] {1, 2}, 5).zeroPoints())
                .containsExactly(5, 5);
    }
}
