package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages of the targets: each tells a person what to type next. */
class TargetPagesTest {

    private static final Path PAGES = Path.of("../docs/targets");
    private static final String NEXT = "\n**Next.**";

    static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            return files.sorted().toList();
        }
    }

    /** Its last section has commands, and what they print or leave when all is well stands beside them. */
    @ParameterizedTest
    @MethodSource("pages")
    void everyPageEndsWithTheCommandsToTypeNext(Path page) throws IOException {
        String text = Files.readString(page);
        assertThat(text).contains(NEXT);
        String last = text.substring(text.lastIndexOf(NEXT));
        assertThat(last.split("```", -1)).as("a block of commands").hasSizeGreaterThanOrEqualTo(3);
        assertThat(last).containsPattern("# .*(ends with|leaves|prints|each|line|shape|reads|class|says)");
    }

    @Test
    void everyTargetHasAPageThatTheReadmeNames() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        for (Path page : pages()) {
            assertThat(readme).contains("docs/targets/" + page.getFileName());
        }
        StringBuilder all = new StringBuilder();
        for (Path page : pages()) {
            all.append(Files.readString(page));
        }
        assertThat(TestPlatform.REGISTRY.targets())
                .filteredOn(t -> !t.id().startsWith("ppq:") && !t.id().equals("acme"))
                .allSatisfy(t -> assertThat(all.toString()).contains("`" + t.id() + "`"));
    }
}
