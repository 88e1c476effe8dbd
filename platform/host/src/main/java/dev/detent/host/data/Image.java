package dev.detent.host.data;

import dev.detent.spi.problem.UserException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.SampleModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A decoded picture as planes of red, green, blue in 0..255. */
record Image(int width, int height, float[][] planes) {

    static {
        // A cache on disk only slows decoding of small files down.
        ImageIO.setUseCache(false);
    }

    static Image read(Path file) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(Files.readAllBytes(file)));
            if (image == null) {
                throw new UserException("DT-DAT-030", "is no PNG or JPEG that can be decoded", file.toString());
            }
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
        } catch (IOException | IllegalArgumentException e) {
            throw new UserException("DT-DAT-031", "cannot be decoded: " + e.getMessage(), file.toString(), e);
        }
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

    /** Scales with a triangle filter that widens when shrinking (what Pillow calls BILINEAR), each channel alone. */
    Image resize(int newWidth, int newHeight) {
        if (newWidth == width && newHeight == height) {
            return this;
        }
        float[][] resized = new float[3][];
        for (int c = 0; c < 3; c++) {
            float[] horizontal = resample(planes[c], height, width, 1, width, newWidth);
            float[] both = new float[newWidth * newHeight];
            float[] vertical =
                    resample(transpose(horizontal, height, newWidth), newWidth, height, 1, height, newHeight);
            System.arraycopy(transpose(vertical, newWidth, newHeight), 0, both, 0, both.length);
            for (int i = 0; i < both.length; i++) {
                both[i] = Math.min(255, Math.max(0, Math.round(both[i])));
            }
            resized[c] = both;
        }
        return new Image(newWidth, newHeight, resized);
    }

    private static float[] resample(float[] from, int rows, int rowStride, int step, int length, int newLength) {
        float[] to = new float[rows * newLength];
        double ratio = (double) length / newLength;
        double support = Math.max(1, ratio);
        for (int i = 0; i < newLength; i++) {
            double centre = (i + 0.5) * ratio;
            int first = Math.max(0, (int) (centre - support + 0.5));
            int last = Math.min(length, (int) (centre + support + 0.5));
            double total = 0;
            double[] weights = new double[Math.max(0, last - first)];
            for (int k = first; k < last; k++) {
                weights[k - first] = Math.max(0, 1 - Math.abs((k + 0.5 - centre) / support));
                total += weights[k - first];
            }
            for (int r = 0; r < rows; r++) {
                double sum = 0;
                for (int k = first; k < last; k++) {
                    sum += from[r * rowStride + k * step] * weights[k - first];
                }
                to[r * newLength + i] = (float) (sum / total);
            }
        }
        return to;
    }

    private static float[] transpose(float[] from, int rows, int columns) {
        float[] to = new float[from.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to[c * rows + r] = from[r * columns + c];
            }
        }
        return to;
    }

    Image crop(int newWidth, int newHeight) {
        int left = (width - newWidth) / 2;
        int top = (height - newHeight) / 2;
        if (left < 0 || top < 0) {
            return resize(Math.max(width, newWidth), Math.max(height, newHeight))
                    .crop(newWidth, newHeight);
        }
        if (left == 0 && top == 0 && newWidth == width && newHeight == height) {
            return this;
        }
        float[][] cropped = new float[3][newWidth * newHeight];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < newHeight; y++) {
                System.arraycopy(planes[c], (y + top) * width + left, cropped[c], y * newWidth, newWidth);
            }
        }
        return new Image(newWidth, newHeight, cropped);
    }
}
