package dev.detent.host.data;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.detent.runtime.Sample;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pictures of every kind come out as red, green and blue in 0..255, with the values that Pillow's
 * {@code convert("RGB")} has.
 */
class ImagesTest {

    @TempDir
    Path work;

    private float[] pixel(Path file) {
        Graph model = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8))
                .graph();
        FloatBuffer values = SampleLoader.open(model, file.toString(), Preprocessing.parse("none"), 0)
                .get(0)
                .inputs()
                .get("x")
                .data()
                .asFloatBuffer();
        return new float[] {values.get(0), values.get(64), values.get(128)};
    }

    private Path png(BufferedImage image, int... samples) throws IOException {
        WritableRaster raster = image.getRaster();
        for (int i = 0; i < 64; i++) {
            raster.setPixel(i % 8, i / 8, samples);
        }
        Path file = work.resolve("a.png");
        assertThat(ImageIO.write(image, "png", file.toFile())).isTrue();
        return file;
    }

    private static BufferedImage image(int space, int type, int transparency) {
        boolean alpha = transparency != Transparency.OPAQUE;
        ComponentColorModel colors =
                new ComponentColorModel(ColorSpace.getInstance(space), alpha, false, transparency, type);
        return new BufferedImage(colors, colors.createCompatibleWritableRaster(8, 8), false, null);
    }

    @Test
    void eightBits() throws IOException {
        assertThat(pixel(png(image(ColorSpace.CS_sRGB, DataBuffer.TYPE_BYTE, Transparency.OPAQUE), 10, 20, 30)))
                .containsExactly(10, 20, 30);
        assertThat(pixel(png(image(ColorSpace.CS_sRGB, DataBuffer.TYPE_BYTE, Transparency.TRANSLUCENT), 10, 20, 30, 5)))
                .containsExactly(10, 20, 30);
        assertThat(pixel(png(image(ColorSpace.CS_GRAY, DataBuffer.TYPE_BYTE, Transparency.OPAQUE), 99)))
                .containsExactly(99, 99, 99);
    }

    /** The upper eight: Java's own conversion would take grey through a colour space, 216 became 237. */
    @Test
    void sixteenBits() throws IOException {
        assertThat(pixel(png(
                        image(ColorSpace.CS_sRGB, DataBuffer.TYPE_USHORT, Transparency.OPAQUE),
                        10 << 8,
                        20 << 8 | 255,
                        65535)))
                .containsExactly(10, 20, 255);
        assertThat(pixel(png(image(ColorSpace.CS_GRAY, DataBuffer.TYPE_USHORT, Transparency.OPAQUE), 216 << 8)))
                .containsExactly(216, 216, 216);
    }

    @Test
    void palettes() throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_INDEXED);
        image.setRGB(0, 0, 0xff3366);
        Path file = work.resolve("a.png");
        ImageIO.write(image, "png", file.toFile());
        assertThat(pixel(file)).containsExactly(0xff, 0x33, 0x66);
    }

    /** Cyan 200, magenta 100, yellow 30, black 40 of 255, written by Pillow, which reads it as 46, 131, 190. */
    @Test
    void inks() throws IOException {
        Path file = work.resolve("cmyk.jpg");
        try (InputStream in = ImagesTest.class.getResourceAsStream("/cmyk.jpg")) {
            Files.copy(in, file);
        }
        assertThat(pixel(file)).containsExactly(46, 131, 190);
    }

    @Test
    void bitmaps() throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x102030);
        Path file = work.resolve("a.bmp");
        assertThat(ImageIO.write(image, "bmp", file.toFile())).isTrue();
        assertThat(pixel(file)).containsExactly(0x10, 0x20, 0x30);
    }

    /**
     * A picture of four grey quarters 40, 90, 150, 210 as the sensor saw it, and what each orientation shows of it: top
     * left, top right, bottom left, bottom right.
     */
    @ParameterizedTest
    @CsvSource({
        "0, 40, 90, 150, 210",
        "1, 40, 90, 150, 210",
        "2, 90, 40, 210, 150",
        "3, 210, 150, 90, 40",
        "4, 150, 210, 40, 90",
        "5, 40, 150, 90, 210",
        "6, 150, 40, 210, 90",
        "7, 210, 90, 150, 40",
        "8, 90, 210, 40, 150",
        "9, 40, 90, 150, 210"
    })
    void picturesStandAsTheCameraWasHeld(int orientation, int topLeft, int topRight, int bottomLeft, int bottomRight)
            throws IOException {
        Path file = Files.write(work.resolve("a.jpg"), photo(32, 16, orientation));
        boolean turned = orientation >= 5 && orientation <= 8;
        Image image = ImageDecoder.read(file);
        assertThat(image.width()).isEqualTo(turned ? 16 : 32);
        assertThat(image.height()).isEqualTo(turned ? 32 : 16);
        int right = image.width() - 1;
        int bottom = (image.height() - 1) * image.width();
        float[] grey = image.planes()[0];
        assertThat(new float[] {grey[0], grey[right], grey[bottom], grey[bottom + right]})
                .containsExactly(new float[] {topLeft, topRight, bottomLeft, bottomRight}, within(3f));
    }

    /** With an Exif segment right after the JPEG's first marker, as cameras write it. */
    private static byte[] photo(int width, int height, int orientation) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        int[] quarters = {40, 90, 150, 210};
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.getRaster().setSample(x, y, 0, quarters[2 * (2 * y / height) + 2 * x / width]);
            }
        }
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(image, "jpg", jpeg);
        // TIFF, big-endian, one entry: tag 0x112, type SHORT, one value.
        byte[] exif = HexFormat.of()
                .parseHex("ffe100224578696600004d4d002a000000080001011200030000000100" + "0" + orientation
                        + "000000000000");
        ByteArrayOutputStream photo = new ByteArrayOutputStream();
        photo.write(jpeg.toByteArray(), 0, 2);
        photo.write(exif);
        photo.write(jpeg.toByteArray(), 2, jpeg.size() - 2);
        return photo.toByteArray();
    }

    private static Graph input(long... shape) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, shape))
                .graph();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 32 32 3 | none | takes [1, 32, 32, 3]: layout=nhwc?",
                "1 3 32 32 | layout=nhwc | takes [1, 3, 32, 32]: layout=nchw?",
                "1 4 32 32 | none | takes [1, 4, 32, 32], 4 channels where an image has 1 or 3",
                "1 6 32 32 | unit | takes [1, 6, 32, 32], 6 channels where an image has 1 or 3",
                "1 3 32 | none | is no image tensor"
            })
    void shapesAreCompared(String shape, String preset, String said) throws IOException {
        long[] dims = Arrays.stream(shape.split(" ")).mapToLong(Long::parseLong).toArray();
        String file = Files.write(work.resolve("a.jpg"), photo(32, 16, 1)).toString();
        assertThatThrownBy(() -> SampleLoader.open(input(dims), file, Preprocessing.parse(preset), 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(said);
    }

    /** Presets with the channels last hold what they hold with the channels first. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "unit", "imagenet", "cifar10", "symmetric", "ocr", "bgr"})
    void presetsTakeEitherLayout(String preset) throws IOException {
        String file = png(image(ColorSpace.CS_sRGB, DataBuffer.TYPE_BYTE, Transparency.OPAQUE), 10, 20, 30)
                .toString();
        Sample.Input first = requireNonNull(SampleLoader.open(input(1, 3, 8, 8), file, Preprocessing.parse(preset), 0)
                .get(0)
                .inputs()
                .get("x"));
        Sample.Input last = requireNonNull(
                SampleLoader.open(input(1, 8, 8, 3), file, Preprocessing.parse(preset + ",layout=nhwc"), 0)
                        .get(0)
                        .inputs()
                        .get("x"));
        assertThat(last.shape()).containsExactly(1, 8, 8, 3);
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < 64; i++) {
                assertThat(last.data().getFloat(4 * (3 * i + c)))
                        .isEqualTo(first.data().getFloat(4 * (64 * c + i)));
            }
        }
    }
}
