package dev.detent.host.data;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;

/**
 * How the camera was held, Exif 2.32 section 4.6.4.A, tag 0x112: phones write every picture as the sensor sees it, and
 * this says how it is shown. {@code swapped} exchanges rows and columns; {@code right} and {@code bottom} read a row of
 * the file from its right end, a column from its bottom.
 */
enum ExifOrientation {
    UPRIGHT(false, false, false),
    MIRRORED(false, true, false),
    HALF_TURN(false, true, true),
    MIRRORED_HALF_TURN(false, false, true),
    MIRRORED_QUARTER_LEFT(true, false, false),
    QUARTER_RIGHT(true, false, true),
    MIRRORED_QUARTER_RIGHT(true, true, true),
    QUARTER_LEFT(true, true, false);

    private final boolean swapped;
    private final boolean right;
    private final boolean bottom;

    ExifOrientation(boolean swapped, boolean right, boolean bottom) {
        this.swapped = swapped;
        this.right = right;
        this.bottom = bottom;
    }

    /** Of a JPEG's bytes; upright where it says nothing, or nothing that can be read. */
    static ExifOrientation of(byte[] jpeg) {
        try {
            Metadata metadata =
                    JpegMetadataReader.readMetadata(new ByteArrayInputStream(jpeg), List.of(new ExifReader()));
            ExifIFD0Directory directory = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
            Integer tag = directory == null ? null : directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return tag == null || tag < 1 || tag > values().length ? UPRIGHT : values()[tag - 1];
        } catch (JpegProcessingException | IOException e) {
            return UPRIGHT;
        }
    }

    /** The picture as it is shown. */
    Image apply(Image image) {
        if (this == UPRIGHT) {
            return image;
        }
        int w = image.width();
        int h = image.height();
        int columns = swapped ? h : w;
        int rows = swapped ? w : h;
        float[][] turned = new float[image.planes().length][w * h];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                int column = swapped ? y : x;
                int row = swapped ? x : y;
                int from = (bottom ? h - 1 - row : row) * w + (right ? w - 1 - column : column);
                for (int c = 0; c < turned.length; c++) {
                    turned[c][y * columns + x] = image.planes()[c][from];
                }
            }
        }
        return new Image(columns, rows, turned);
    }
}
