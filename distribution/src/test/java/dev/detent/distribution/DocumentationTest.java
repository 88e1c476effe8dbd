package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What plugin authors read: every public or protected type, method, field and enum constant has a comment. */
class DocumentationTest {

    @TempDir
    Path classes;

    /** The compiler's own doclint; its group "missing" demands a tag for every parameter as well, which we do not. */
    @ParameterizedTest
    @ValueSource(strings = {"spi/api", "spi/support", "spi/testkit"})
    void nothingPublicLacksAComment(String module) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                        compiler.getStandardFileManager(found, Locale.ENGLISH, StandardCharsets.UTF_8);
                Stream<Path> sources = Files.walk(Path.of("..", module, "src/main/java"))) {
            List<Path> java =
                    sources.filter(f -> f.toString().endsWith(".java")).toList();
            List<String> options = List.of(
                    "-proc:none",
                    "-Xdoclint:missing/protected",
                    "-Xmaxwarns",
                    "100000",
                    "-classpath",
                    System.getProperty("java.class.path"),
                    "-d",
                    classes.toString());
            assertThat(compiler.getTask(null, files, found, options, null, files.getJavaFileObjectsFromPaths(java))
                            .call())
                    .isTrue();
        }
        assertThat(found.getDiagnostics()).as("doclint works at all").isNotEmpty();
        assertThat(found.getDiagnostics().stream()
                        .filter(d -> d.getMessage(Locale.ENGLISH).contains("no comment"))
                        .map(d -> d.getSource().getName() + ":" + d.getLineNumber()))
                .isEmpty();
    }
}
