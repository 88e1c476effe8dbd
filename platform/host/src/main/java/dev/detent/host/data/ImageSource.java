package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Picture files, one sample each: decoded, brought to the model's size and scaled as the preprocessing says. */
record ImageSource(List<Path> files, InputConverter input, ImageSpec spec) implements InputSource {

    static ImageSource of(List<Path> files, InputConverter input) {
        return new ImageSource(files, input, ImageSpec.of(input, files.get(0).toString()));
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public String describe(int index) {
        return files.get(index).toString();
    }

    @Override
    public Sample.Input get(int index) {
        return tensor(fit(ImageDecoder.read(files.get(index)), describe(index)), describe(index));
    }

    /** Shorter side, centre crop, then stretched to what the model takes. */
    private Image fit(Image decoded, String where) {
        Image image = decoded;
        int side = input.preprocessing().resize();
        int shorter = Math.min(image.width(), image.height());
        if (side > 0 && shorter != side && !(spec.isFixed() && spec.fits(image))) {
            double ratio = (double) side / shorter;
            image = resize(image, Math.round(image.width() * ratio), Math.round(image.height() * ratio), where);
        }
        int crop = input.preprocessing().crop();
        if (crop > 0) {
            image = resize(image, Math.max(image.width(), crop), Math.max(image.height(), crop), where)
                    .crop(crop, crop);
        }
        if (spec.isFixed()) {
            image = resize(image, spec.width().size(), spec.height().size(), where);
        }
        if (!spec.fits(image)) {
            throw new UserException(
                    DataProblems.SHAPE,
                    "is " + image.height() + " high and " + image.width()
                            + " wide after preprocessing, the model's input '" + input.name() + "' takes "
                            + input.takes(),
                    where);
        }
        return image;
    }

    /** Both steps of a resize are checked: a long thin picture grows in one before it shrinks in the other. */
    private static Image resize(Image image, long width, long height, String where) {
        PixelLimit.require(width, Math.max(height, image.height()), "would be scaled to", where);
        return image.resize((int) width, (int) height);
    }

    private Sample.Input tensor(Image image, String where) {
        int channels = spec.channels();
        boolean first = spec.layout() == ImageLayout.NCHW;
        int plane = image.width() * image.height();
        float[] values = new float[channels * plane];
        for (int c = 0; c < channels; c++) {
            float[] from = channels == 1
                    ? image.grey()
                    : image.planes()[input.preprocessing().order().plane(c)];
            place(from, c, values, first ? c * plane : c, first ? 1 : channels);
        }
        long[] shape = spec.layout().shape(channels, image.height(), image.width());
        if (spec.type() == ElementType.UINT8) {
            ByteBuffer data = LittleEndian.allocate(values.length, where);
            for (int i = 0; i < values.length; i++) {
                data.put(i, (byte) values[i]);
            }
            return new Sample.Input(spec.type(), shape, data);
        }
        ByteBuffer data = LittleEndian.allocate(4L * values.length, where);
        data.asFloatBuffer().put(values);
        return new Sample.Input(spec.type(), shape, data);
    }

    /** One channel, every {@code step}th element from {@code at} on; pixels for an integer input stay as they are. */
    private void place(float[] from, int channel, float[] to, int at, int step) {
        Preprocessing preprocessing = input.preprocessing();
        boolean raw = spec.type() == ElementType.UINT8;
        float scale = raw ? 1 : preprocessing.scale();
        float mean = raw ? 0 : preprocessing.mean(channel);
        float std = raw ? 1 : preprocessing.std(channel);
        for (int i = 0; i < from.length; i++) {
            to[at + i * step] = (from[i] * scale - mean) / std;
        }
    }
}
