package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
