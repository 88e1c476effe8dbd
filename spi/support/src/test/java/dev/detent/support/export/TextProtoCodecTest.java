package dev.detent.support.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextProtoCodecTest {

    private final TextProtoCodec codec = new TextProtoCodec();
    private final FilesInMemory files = new FilesInMemory();

    private ProtoMessage read(String text) {
        files.text("f", text);
        return codec.read(files, "f");
    }

    @Test
    void writesProtobufsTextForm() {
        codec.write(
                files,
                "f",
                ProtoMessage.create()
                        .add("version", 3)
                        .add(
                                "layer",
                                ProtoMessage.create()
                                        .add("name", "a")
                                        .add("type", new ProtoMessage.Symbol("DT_INT8"))
                                        .add(
                                                "range",
                                                ProtoMessage.oneLine()
                                                        .add("min", -0.5f)
                                                        .add("max", 2f))));
        assertThat(files.text("f"))
                .isEqualTo("version: 3\nlayer {\n  name: \"a\"\n  type: DT_INT8\n  range { min: -0.5 max: 2 }\n}\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "a\nkey: \"forged\"",
                "tab\tbell\u0007escape\u001b",
                "\"quotes\" and \\ and \\n",
                "line\u2028separator\u2029next\u0085",
                "} { : #",
                "ünïcödé 名前",
                ""
            })
    void everyNameComesBack(String name) {
        codec.write(
                files,
                "f",
                ProtoMessage.create().add("layer", ProtoMessage.create().add("name", name)));
        List<ProtoMessage> layers = codec.read(files, "f").messages("layer");
        assertThat(layers).hasSize(1);
        assertThat(layers.get(0).text("name")).isEqualTo(name);
        assertThat(files.text("f").lines()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "layer { name: \"a|f, line 1: has a quote that is not closed",
                "layer {|f, line 1: ends inside a message",
                "x: 1 }|f, line 1: closes a message that was not opened",
                "layer 5|f, line 1: has neither ':' nor a message after 'layer'",
                "5: 5|f, line 1: has '5' where a field should be",
                "name: 5..5|f, line 1: has '5..5' where a value should be",
                "name: \"\\q\"|f, line 1: has the unknown escape '\\q'"
            })
    void whatIsNotTextProtoIsASentenceWithItsLine(String text, String sentence) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(UserException.class).hasMessageContaining(sentence);
    }

    @Test
    void aFieldThatLacksOrHasAnotherTypeIsASentenceWithItsLine() {
        ProtoMessage layer = read("a: 1\nlayer {\n  name: 5\n}").message("layer");
        assertThatThrownBy(() -> layer.text("key"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("f, line 2: lacks the field 'key'");
        assertThatThrownBy(() -> layer.text("name"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("f, line 3: has no string in the field 'name'");
    }

    @Test
    void aFileOfBracesDoesNotExhaustTheStack() {
        assertThatThrownBy(() -> read("a {".repeat(100_000))).isInstanceOf(UserException.class);
        assertThatThrownBy(() -> read("\"".repeat(1_000_000) + "x")).isInstanceOf(UserException.class);
        assertThatThrownBy(() -> read("a: \"" + "\\n".repeat(1_000_000))).isInstanceOf(UserException.class);
    }

    /** Any text is read or refused; nothing else comes out. */
    @Test
    void damagedTextIsReadOrRefused() {
        Random random = new Random(7);
        String whole = "layer {\n  name: \"a\\n\"\n  scale: 0.5\n  t: DT_INT8\n  r { min: -1 max: 2 }\n}\n";
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder(whole);
            for (int e = random.nextInt(3); e >= 0; e--) {
                text.setCharAt(random.nextInt(text.length()), "{}:\"\\ \n0a.-u".charAt(random.nextInt(12)));
            }
            try {
                for (ProtoMessage layer : read(text.toString()).messages("layer")) {
                    layer.numbers("scale");
                    layer.text("name");
                }
            } catch (UserException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(500, 2999);
    }
}
