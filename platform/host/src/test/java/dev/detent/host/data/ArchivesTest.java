package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data in {@code .npz}: one array per input. */
class ArchivesTest {

    @TempDir
    Path work;

    private static Graph model(String... inputs) {
        GraphEditor e = new Graph().edit().opset("", 13);
        for (String input : inputs) {
            e.input(ValueInfo.of(input, ElementType.FLOAT, 1, 2));
        }
        return e.graph();
    }

    private static Samples open(Graph model, Path data) {
        return SampleLoader.open(model, data.toString(), Preprocessing.parse("none"), 0);
    }

    /** An archive of arrays named {@code x=1} and so on: two values a sample, counting from the number on. */
    private Path npz(String name, int samples, String... arrays) throws IOException {
        Path file = work.resolve(name);
        Files.createDirectories(file.getParent());
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (String array : arrays) {
                float[] values = new float[2 * samples];
                for (int i = 0; i < values.length; i++) {
                    values[i] = Integer.parseInt(array.split("=")[1]) + i;
                }
                zip.putNextEntry(new ZipEntry(array.split("=")[0] + ".npy"));
                zip.write(Files.readAllBytes(NpyFiles.floats(work.resolve("array"), samples + ", 2", values)));
            }
        }
        return file;
    }

    private static float[] values(Sample sample, String input) {
        float[] values = new float[2];
        sample.inputs().get(input).data().asFloatBuffer().get(values);
        return values;
    }

    @Test
    void anArchiveHoldsRowsOfEveryInput() throws IOException {
        Samples s = open(model("x", "y"), npz("all.npz", 3, "x=0", "y=10"));
        assertThat(s.size()).isEqualTo(3);
        assertThat(values(s.get(2), "x")).containsExactly(4, 5);
        assertThat(values(s.get(2), "y")).containsExactly(14, 15);
    }

    @Test
    void aFolderHoldsAnArchiveForEverySample() throws IOException {
        npz("two/b.npz", 1, "x=2", "y=20");
        npz("two/a.npz", 1, "x=1", "y=10");
        Samples s = open(model("x", "y"), work.resolve("two"));
        assertThat(s.size()).isEqualTo(2);
        assertThat(values(s.get(0), "y")).containsExactly(10, 11);
        assertThat(values(s.get(1), "x")).containsExactly(2, 3);
    }

    @Test
    void soDoesOneForASingleInput() throws IOException {
        npz("one/a.npz", 1, "x=1");
        npz("one/b.npz", 1, "x=2");
        Samples s = open(model("x"), work.resolve("one"));
        assertThat(s.size()).isEqualTo(2);
        assertThat(values(s.get(1), "x")).containsExactly(2, 3);
    }

    @Test
    void filesOfTheInputItselfComeFirst() throws IOException {
        npz("both/labels.npz", 1, "labels=1");
        NpyFiles.floats(work.resolve("both/a.npy"), "1, 2", 7, 8);
        Samples s = open(model("x"), work.resolve("both"));
        assertThat(s.size()).isEqualTo(1);
        assertThat(values(s.get(0), "x")).containsExactly(7, 8);
    }

    @Test
    void whatIsMissingOrUnknownIsNamed() throws IOException {
        Path strange = npz("strange/a.npz", 1, "arr_0=1").getParent();
        assertThatThrownBy(() -> open(model("x"), strange).get(0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("names the input 'arr_0', which the model does not have; it has [x]");
        Path part = npz("part.npz", 1, "x=1");
        assertThatThrownBy(() -> open(model("x", "y"), part))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("lacks the model's input 'y'");
        Path empty = Files.createDirectories(work.resolve("empty"));
        assertThatThrownBy(() -> open(model("x", "y"), empty))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds no samples (.npz with one array per input)");
    }
}
