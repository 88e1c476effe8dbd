package dev.detent.host.data;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data in {@code .npy}: every type NumPy writes numbers in, and headers that are damaged. */
class ArraysTest {

    @TempDir
    Path work;

    private Samples open(String header, byte[] data) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer b = ByteBuffer.allocate(10 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) text.length)
                .put(text)
                .put(data);
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 1))
                .graph();
        return SampleLoader.open(
                model, Files.write(work.resolve("x.npy"), b.array()).toString(), Preprocessing.parse("none"), 0);
    }

    private Samples two(String type, String hexadecimal) throws IOException {
        return open(
                "{'descr': '" + type + "', 'fortran_order': False, 'shape': (2, 1), }",
                HexFormat.of().parseHex(hexadecimal));
    }

    /** Bytes as they lie in the file, of two numbers of which the second is looked at. */
    @ParameterizedTest
    @CsvSource({
        "<f2, 00000042, 3",
        "<f2, 0000ff7b, 65504",
        "<f2, 00000180, -5.9604645e-8",
        "<f4, 0000000000004040, 3",
        "<f8, 00000000000000000000000000000840, 3",
        "|u1, 00ff, 255",
        "|i1, 00ff, -1",
        "<u2, 0000ffff, 65535",
        "<i2, 0000ffff, -1",
        "<i4, 00000000feffffff, -2",
        "<u4, 00000000ffffffff, 4294967295",
        "<i8, 0000000000000000ffffffffffffffff, -1",
        "|b1, 0001, 1"
    })
    void numbersOfEveryType(String type, String hexadecimal, float expected) throws IOException {
        assertThat(two(type, hexadecimal).get(1).inputs().get("x").data().getFloat(0))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {">f4", "<c8", "|O", "<u8"})
    void otherTypesAreRefused(String type) {
        assertThatThrownBy(() -> two(type, "00000000"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds '" + type + "'");
    }

    @Test
    void textIsRefusedAsText() {
        assertThatThrownBy(() -> two("<U1", "00000000"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds text ('<U1')");
    }

    /** Column-major: the rows (1, 2, 3) and (4, 5, 6) lie as 1, 4, 2, 5, 3, 6. */
    @Test
    void fortranOrderIsRead() throws IOException {
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 3))
                .graph();
        byte[] file = NpyFiles.array("<f4", true, "(2, 3)", NpyFiles.bytes(1, 4, 2, 5, 3, 6));
        Samples rows = SampleLoader.open(
                model, Files.write(work.resolve("f.npy"), file).toString(), Preprocessing.parse("none"), 0);
        assertThat(values(rows, 0)).containsExactly(1, 2, 3);
        assertThat(values(rows, 1)).containsExactly(4, 5, 6);
        // One file for each sample: the whole array, of a model that takes two rows.
        Path folder = Files.createDirectories(work.resolve("folder"));
        Files.write(folder.resolve("f.npy"), file);
        Graph two = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 2, 3))
                .graph();
        assertThat(values(SampleLoader.open(two, folder.toString(), Preprocessing.parse("none"), 0), 0))
                .containsExactly(1, 2, 3, 4, 5, 6);
    }

    private static float[] values(Samples samples, int index) {
        FloatBuffer data =
                requireNonNull(samples.get(index).inputs().get("x")).data().asFloatBuffer();
        float[] values = new float[data.remaining()];
        data.get(values);
        return values;
    }

    /** (2^58 + 4) * 3 * 8 * 8 elements of 4 bytes wrap round to 3,072 bytes. */
    @Test
    void shapesThatOverflowAreRefused() {
        assertThatThrownBy(() -> open(
                        "{'descr': '<f4', 'fortran_order': False, 'shape': (288230376151711748, 3, 8, 8), }",
                        new byte[3072]))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("x.npy")
                .hasMessageContaining("which no file can hold");
    }

    @Test
    void integersThatTheModelCannotHoldAreRefused() throws IOException {
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.UINT8, 1, 1))
                .graph();
        Path file = Files.write(work.resolve("i.npy"), NpyFiles.array("<i2", false, "(1, 1)", new byte[] {0x2c, 1}));
        Samples samples = SampleLoader.open(model, file.toString(), Preprocessing.parse("none"), 0);
        assertThatThrownBy(() -> samples.get(0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds 300 at element 0, the model's input 'x' takes UINT8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "(2, 1) | holds 4 bytes where its shape [2, 1] needs 8",
                "(2x, 1) | is no .npy file",
                "(-1, -1) | is no .npy file",
                "(2 1) | is no .npy file",
                "(99999999999999999999, 1) | is no .npy file",
                "2, 1 | is no .npy file"
            })
    void damagedShapesAreRefused(String shape, String said) {
        assertThatThrownBy(
                        () -> open("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", new byte[4]))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(said);
    }

    /** Whether all of it is a mask was looked at anew for each element that is minus infinity. */
    @Test
    void aLargeMaskIsReadInNoTime() throws IOException {
        int n = 1 << 19;
        float[] mask = new float[n];
        for (int i = 1; i < n; i += 2) {
            mask[i] = Float.NEGATIVE_INFINITY;
        }
        String file = NpyFiles.floats(work.resolve("mask.npy"), "1, " + n, mask).toString();
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, n))
                .graph();
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            Samples samples = SampleLoader.open(model, file, Preprocessing.parse("none"), 0);
            assertThat(samples.get(0).inputs().get("x").data().getFloat(4)).isEqualTo(Float.NEGATIVE_INFINITY);
        });
    }

    /** Each was a mapping until Java collected it, of which a process may have fewer than a folder may have files. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void manySmallFilesAreNotMapped() throws IOException {
        for (int i = 0; i < 500; i++) {
            NpyFiles.floats(work.resolve(i + ".npy"), "1, 1", i);
        }
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 1))
                .graph();
        Samples samples = SampleLoader.open(model, work.toString(), Preprocessing.parse("none"), 0);
        List<Sample> all =
                IntStream.range(0, samples.size()).mapToObj(samples::get).toList();
        assertThat(all).hasSize(500);
        assertThat(Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1))
                .noneMatch(l -> l.endsWith(".npy"));
        assertThat(all.get(499).inputs()).containsKey("x");
    }
}
