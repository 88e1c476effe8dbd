package dev.detent.support.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTableCodecTest {

    private final FilesInMemory files = new FilesInMemory();

    @Test
    void aLinePerRow() {
        TextTableCodec codec = new TextTableCodec(2);
        codec.write(
                files,
                "f",
                List.of(
                        new TextTableCodec.Row(List.of("conv\"1\\", "input0"), 0.25f),
                        new TextTableCodec.Row(List.of("名", "weight"), -1, 2.5f)));
        assertThat(files.text("f")).isEqualTo("conv\"1\\ input0 0.25\n名 weight -1 2.5\n");
        List<TextTableCodec.Row> rows = codec.read(files, "f");
        assertThat(rows).extracting(TextTableCodec.Row::key).containsExactly("conv\"1\\ input0", "名 weight");
        assertThat(rows.get(1).numbers()).containsExactly(-1, 2.5f);
    }

    /** Each of them would become another row, or another column, for a reader that splits at blanks and line ends. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\nfake 9.99",
                "a b",
                "a\tb",
                "a\rb",
                "a\u2028b",
                "a\u0085b",
                "a\u00a0b",
                "a\u001b[31mb",
                "",
                "a\u0000"
            })
    void aNameThatWouldForgeALineIsRefused(String name) {
        TextTableCodec codec = new TextTableCodec(1);
        assertThatThrownBy(() -> codec.write(files, "m.table", List.of(new TextTableCodec.Row(List.of(name), 1))))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("which m.table cannot carry");
        assertThat(files.files()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a 1\\nb|f, line 2: has no number",
                "a 1..2|f, line 1: has '1..2' where a number should be",
                "a 1\\n\\nb NaN|f, line 3: has 'NaN' where a number should be",
                "a  1|f, line 1: has '' where a number should be"
            })
    void whatIsNoRowIsASentenceWithItsLine(String text, String sentence) {
        files.text("f", text.replace("\\n", "\n"));
        assertThatThrownBy(() -> new TextTableCodec(1).read(files, "f"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(sentence);
    }
}
