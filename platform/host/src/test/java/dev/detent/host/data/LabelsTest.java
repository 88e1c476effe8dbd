package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Labels as people write them. */
class LabelsTest {

    @TempDir
    Path work;

    private int[] read(String text) throws IOException {
        return Labels.read(Files.writeString(work.resolve("labels.csv"), text), 2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "b.png,7\na.png,-3\n",
                "file,label\r\nb.png,7\r\n\r\na.png,-3\r\n",
                "\uFEFFb.png,7\na.png,-3",
                "\"b.png\", 7\n\"a.png\",\"-3\"\n",
                "b.png 7\na.png\t-3\n",
                "-3\n7\n",
                "label\n -3\n7 \n"
            })
    void filesAreInTheOrderOfTheirNames(String text) throws IOException {
        assertThat(read(text)).containsExactly(-3, 7);
    }

    @Test
    void namesMayHoldCommasAndBlanks() throws IOException {
        assertThat(read("\"b, the second.png\",7\n\"a, \"\"quoted\"\".png\",-3\n"))
                .containsExactly(-3, 7);
        assertThat(read("my b.png 7\nmy a.png -3\n")).containsExactly(-3, 7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1;99999999999;2 | has 99999999999 at line 2, which is no whole number of 32 bits",
                "a,1;b,-2147483649 | has -2147483649 at line 2",
                "a,1;b,c,2 | has 'b,c,2' in line 2, which is no label",
                "1;cat | has 'cat' in line 2, which is no label",
                "a,1;a,2 | has a second label for a in line 2",
                "1 | has 1 labels for 2 samples"
            })
    void whatIsNoLabelIsTold(String text, String said) {
        assertThatThrownBy(() -> read(text.replace(';', '\n')))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("labels.csv")
                .hasMessageContaining(said);
    }

    @Test
    void quotesThatDoNotEndAreTold() {
        assertThatThrownBy(() -> read("\"a.png,1\nb.png,2\n")).isInstanceOf(UserException.class);
    }

    @Test
    void arraysHoldWholeNumbers() throws IOException {
        assertThat(Labels.read(NpyFiles.floats(work.resolve("l.npy"), "2,", 4, 5), 2))
                .containsExactly(4, 5);
        assertThatThrownBy(() -> Labels.read(NpyFiles.floats(work.resolve("m.npy"), "2,", 4, 1e10f), 2))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("at element 1, which is no whole number of 32 bits");
    }
}
