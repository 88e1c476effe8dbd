package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.SampleModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Reads PNG, JPEG and BMP files as red, green and blue, with the values that Pillow's {@code convert("RGB")} has. */
final class ImageDecoder {

    /** No compressed picture within {@link PixelLimit} comes near it. */
    private static final long MOST_BYTES = 1L << 30;

    static {
        // A cache on disk only slows decoding of small files down.
        ImageIO.setUseCache(false);
    }

    private ImageDecoder() {}

    static Image read(Path file) {
        long size = DataFile.size(file);
        if (size > MOST_BYTES) {
            throw new UserException(
                    DataProblems.PICTURE_BYTES,
                    "has " + size + " bytes; pictures of at most " + MOST_BYTES + " are read",
                    file.toString());
        }
        try {
            byte[] bytes = Files.readAllBytes(file);
            try (ImageInputStream stream = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
                Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
                if (!readers.hasNext()) {
                    throw isWebp(bytes)
                            ? webp(file)
                            : new UserException(
                                    DataProblems.NO_PICTURE,
                                    "is no PNG, JPEG or BMP that can be decoded",
                                    file.toString());
                }
                ImageReader reader = readers.next();
                try {
                    Image image = decode(reader, stream, file.toString());
                    boolean jpeg = reader.getFormatName().equalsIgnoreCase("jpeg");
                    return jpeg ? ExifOrientation.of(bytes).apply(image) : image;
                } finally {
                    reader.dispose();
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new UserException(
                    DataProblems.PICTURE_DAMAGED, "cannot be decoded: " + e.getMessage(), file.toString(), e);
        }
    }

    static UserException webp(Path file) {
        return new UserException(DataProblems.WEBP, "is WebP, which is not read; convert it to PNG", file.toString());
    }

    private static boolean isWebp(byte[] bytes) {
        return bytes.length >= 12
                && new String(bytes, 0, 4, StandardCharsets.ISO_8859_1).equals("RIFF")
                && new String(bytes, 8, 4, StandardCharsets.ISO_8859_1).equals("WEBP");
    }

    private static Image decode(ImageReader reader, ImageInputStream stream, String where) throws IOException {
        reader.setInput(stream, true, true);
        PixelLimit.require(reader.getWidth(0), reader.getHeight(0), "is", where);
        // A JPEG that ends early is no error to its decoder: the rest of the picture becomes grey.
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((from, warning) -> warnings.add(warning.toLowerCase(Locale.ROOT)));
        BufferedImage image = reader.read(0);
        if (warnings.stream().anyMatch(w -> w.contains("truncated") || w.contains("premature end"))) {
            throw new UserException(
                    DataProblems.PICTURE_TRUNCATED, "ends before the picture does; copy or save it again", where);
        }
        return planes(image);
    }

    private static Image planes(BufferedImage image) {
        int w = image.getWidth();
        int h = image.getHeight();
        float[][] planes = new float[3][w * h];
        SampleModel layout = image.getSampleModel();
        if (image.getColorModel() instanceof IndexColorModel || !(layout instanceof ComponentSampleModel)) {
            indexed(image, planes);
        } else if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_CMYK) {
            inks(image, planes);
        } else {
            // Bands as they are: BufferedImage.getRGB would convert grey through a colour space, and slowly.
            for (int c = 0; c < 3; c++) {
                band(image, layout.getNumBands() < 3 ? 0 : c, planes[c]);
            }
        }
        return new Image(w, h, planes);
    }

    private static void band(BufferedImage image, int band, float[] to) {
        int width = image.getWidth();
        if (image.getRaster().getDataBuffer() instanceof DataBufferByte bytes) {
            ComponentSampleModel layout = (ComponentSampleModel) image.getSampleModel();
            byte[] from = bytes.getData();
            int step = layout.getPixelStride();
            for (int i = 0; i < to.length; i += width) {
                int at = layout.getOffset(0, i / width, band);
                for (int x = i; x < i + width; x++, at += step) {
                    to[x] = from[at] & 0xff;
                }
            }
            return;
        }
        // Of 16 bits the upper eight.
        int shift = Math.max(0, image.getSampleModel().getSampleSize(band) - 8);
        int[] row = new int[width];
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRaster().getSamples(0, y, width, 1, band, row);
            for (int x = 0; x < width; x++) {
                to[y * width + x] = row[x] >> shift;
            }
        }
    }

    /** Inks take light away, black from all three: what Pillow makes of CMYK, without a colour profile. */
    private static void inks(BufferedImage image, float[][] planes) {
        float[] black = new float[planes[0].length];
        band(image, 3, black);
        for (int c = 0; c < 3; c++) {
            band(image, c, planes[c]);
            for (int i = 0; i < black.length; i++) {
                planes[c][i] = Math.round((255 - planes[c][i]) * (255 - black[i]) / 255);
            }
        }
    }

    private static void indexed(BufferedImage image, float[][] planes) {
        int w = image.getWidth();
        int[] row = new int[w];
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, w, 1, row, 0, w);
            for (int x = 0; x < w; x++) {
                planes[0][y * w + x] = row[x] >> 16 & 0xff;
                planes[1][y * w + x] = row[x] >> 8 & 0xff;
                planes[2][y * w + x] = row[x] & 0xff;
            }
        }
    }
}
