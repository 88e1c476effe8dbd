package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that say more than they hold, never end or end too early: each is told in a sentence that names it. */
class HostileFilesTest {

    @TempDir
    Path work;

    private static Graph model(long... shape) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, shape))
                .graph();
    }

    private static void refused(Graph model, String data, String preset, String... said) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThatThrownBy(() -> SampleLoader.open(model, data, Preprocessing.parse(preset), 0)
                                .get(0))
                        .isInstanceOf(UserException.class)
                        .hasMessageContainingAll(said));
    }

    private static byte[] picture(String format) throws IOException {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int i = 0; i < 64 * 64; i++) {
            image.setRGB(i % 64, i / 64, random.nextInt());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }

    /** 256 MB of zeros in 256 kB that the model does not take: refused by its header. */
    @Test
    void archivesAreCheckedBeforeTheyAreUnpacked() throws IOException {
        byte[] header = NpyFiles.array("<f4", false, "(1, 67108864)", new byte[0]);
        Path file = NpyFiles.npz(work.resolve("a.npz"), "x", header, 1 << 28);
        refused(model(1, 3), file.toString(), "none", "x.npy", "has shape [1, 67108864]", "takes [1, 3]");
        Files.createDirectories(work.resolve("folder"));
        Files.move(file, work.resolve("folder/a.npz"));
        refused(model(1, 3), work.resolve("folder").toString(), "none", "has shape [1, 67108864]");
    }

    @Test
    void archivesThatOutgrowMemoryAreRefused() throws IOException {
        long rows = Runtime.getRuntime().maxMemory() / 2 / 12 + 1;
        byte[] header = NpyFiles.array("<f4", false, "(" + rows + ", 3)", new byte[0]);
        refused(
                model(1, 3),
                NpyFiles.npz(work.resolve("a.npz"), "x", header, 0).toString(),
                "none",
                "x.npy",
                "unpacks to",
                "save it as .npy");
    }

    /** The size of an archive's entry may be a lie too. */
    @ParameterizedTest
    @ValueSource(ints = {4, 12})
    void archivesWithMoreOrLessThanTheirShapeAreRefused(int bytes) throws IOException {
        Path file =
                NpyFiles.npz(work.resolve("a.npz"), "x", NpyFiles.array("<f4", false, "(1, 2)", new byte[bytes]), 0);
        refused(model(1, 2), file.toString(), "none", "holds " + bytes + " bytes where its shape [1, 2] needs 8");
    }

    /** Two bytes of a JPEG's frame header and the first chunk of a PNG say how large a picture is. */
    @Test
    void picturesThatSayTheyAreHugeAreNotDecoded() throws IOException {
        byte[] jpeg = picture("jpg");
        for (int i = 0; i < jpeg.length - 9; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == 0xc0) {
                ByteBuffer.wrap(jpeg).putShort(i + 5, (short) 20_000).putShort(i + 7, (short) 20_000);
                break;
            }
        }
        Path file = Files.write(work.resolve("a.jpg"), jpeg);
        refused(model(1, 3, 8, 8), file.toString(), "none", "a.jpg", "is 20000 x 20000 pixels; at most ");
        byte[] png = picture("png");
        ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        file = Files.write(work.resolve("a.png"), png);
        refused(model(1, 3, 8, 8), file.toString(), "none", "is 100000 x 100000 pixels; at most ");
    }

    @Test
    void thinPicturesDoNotGrowWithoutLimit() throws IOException {
        Path file = work.resolve("a.png");
        ImageIO.write(new BufferedImage(100_000, 1, BufferedImage.TYPE_BYTE_GRAY), "png", file.toFile());
        refused(model(1, 3, 8, 8), file.toString(), "unit,resize=8192", "would be scaled to", "at most");
    }

    @Test
    void truncatedPicturesAreTold() throws IOException {
        for (String format : new String[] {"jpg", "png", "bmp"}) {
            byte[] whole = picture(format);
            Path file = Files.write(work.resolve("a." + format), Arrays.copyOf(whole, whole.length / 2));
            refused(
                    model(1, 3, 8, 8),
                    file.toString(),
                    "none",
                    format.equals("jpg") ? "ends before the picture does" : "cannot be decoded");
        }
    }

    @ParameterizedTest
    @CsvSource({"a.webp", "really.png"})
    void webpIsTold(String name) throws IOException {
        byte[] webp = Arrays.copyOf("RIFF....WEBPVP8 ".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 40);
        Path folder = Files.createDirectories(work.resolve("webp"));
        Path file = Files.write(folder.resolve(name), webp);
        refused(model(1, 3, 8, 8), file.toString(), "none", name, "is WebP", "convert it to PNG");
        refused(model(1, 3, 8, 8), folder.toString(), "none", name, "convert it to PNG");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.npy", "x.npz", "x.png", "x.bin"})
    void pipesAndDevicesAreNotOpened(String name) throws Exception {
        Path pipe = work.resolve(name);
        assumeTrue(Files.exists(Path.of("/dev/zero")));
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        refused(model(1, 3, 8, 8), pipe.toString(), "none", name, "is no regular file");
        refused(model(1, 3, 8, 8), work.toString(), "none", name, "is no regular file");
        Files.delete(pipe);
        Files.createSymbolicLink(pipe, Path.of("/dev/zero"));
        refused(model(1, 3, 8, 8), pipe.toString(), "none", name, "is no regular file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | empty text",
                "' ' | empty text",
                "x= | give every input as name=path",
                "=a.npy | give every input as name=path",
                "x=a.npy,a.npy | give every input as name=path",
                "x=a.npy,x=b.npy | names the input 'x' twice"
            })
    void pathsThatNameNothingAreRefused(String data, String said) {
        refused(model(1, 3), data, "none", said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"imagenet,resize=999999", "crop=8193", "resize=2147483647"})
    void sidesThatNoPictureHasAreRefused(String preset) {
        assertThatThrownBy(() -> Preprocessing.parse(preset))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("at most 8192");
    }

    @Test
    void rawDataOfAnEmptyTensorAreRefused() throws IOException {
        Path file = Files.write(work.resolve("a.bin"), new byte[8]);
        refused(model(1, 0), file.toString(), "none", "has no bytes or more than 2 GiB");
        refused(model(1, 1L << 40, 1L << 40), file.toString(), "none", "has no bytes or more than 2 GiB");
    }
}
