package dev.detent.caffe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** docs/caffe.md shows the tables that the code goes by; {@code -Ddetent.golden=accept} writes them there. */
class CaffePageTest {

    private static final Path PAGE = Path.of("../../docs/caffe.md");

    @Test
    void thePageShowsWhatIsWritten() throws IOException {
        String table = CaffeWriter.table().stream()
                .map(r -> "| " + String.join(" | ", r) + " |\n")
                .collect(Collectors.joining("", "| ONNX operator | Caffe layers | remark |\n|---|---|---|\n", ""));
        check("operators", table);
    }

    @Test
    void thePageShowsWhatIsRead() throws IOException {
        check(
                "layers",
                StreamSupport.stream(LayerTable.types().spliterator(), false).collect(Collectors.joining(", ")) + "\n");
    }

    private static void check(String part, String expected) throws IOException {
        String page = Files.readString(PAGE);
        String begin = "<!-- " + part + " -->\n";
        int from = page.indexOf(begin) + begin.length();
        int to = page.indexOf("<!-- end -->", from);
        if ("accept".equals(System.getProperty("detent.golden"))) {
            Files.writeString(PAGE, page.substring(0, from) + expected + page.substring(to));
        } else {
            assertThat(page.substring(from, to)).isEqualTo(expected);
        }
    }
}
