package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.UserException;
import java.util.List;

/**
 * The image tensor that a model input takes.
 *
 * @param channels 1 for grey, 3 for colour
 * @param height in pixels, where it is fixed
 * @param width in pixels, where it is fixed
 */
record ImageSpec(ElementType type, ImageLayout layout, int channels, Dimension height, Dimension width) {

    private static final Dimension FREE = new Dimension(-1, "");

    /** Of an input, as the preprocessing lays images out; refuses an input that pictures do not fit. */
    static ImageSpec of(InputConverter input, String where) {
        ElementType type = input.info().type();
        List<Dimension> dims = input.info().shape().orElse(List.of(FREE, FREE, FREE, FREE));
        if (type != ElementType.FLOAT && type != ElementType.UINT8 || dims.size() != 4) {
            throw new UserException(
                    DataProblems.NO_PICTURE_INPUT,
                    "holds images, and the model's input '" + input.name() + "' is no image tensor",
                    where);
        }
        ImageLayout layout = input.preprocessing().layout();
        Dimension channels = dims.get(layout.channelAxis());
        if (!isPictures(channels)) {
            boolean turned = isPictures(dims.get(layout.other().channelAxis()));
            throw new UserException(
                    DataProblems.NOT_PICTURE_CHANNELS,
                    "holds images, and the model's input '" + input.name() + "' takes " + input.takes()
                            + (turned
                                    ? ": layout=" + layout.other() + "? Add it to the preset: --preset none,layout="
                                            + layout.other()
                                    : ", " + channels.size()
                                            + " channels where an image has 1 or 3; give the samples as .npy"),
                    where);
        }
        return new ImageSpec(
                type,
                layout,
                channels.size() == 1 ? 1 : 3,
                dims.get(layout.heightAxis()),
                dims.get(layout.widthAxis()));
    }

    private static boolean isPictures(Dimension channels) {
        return !channels.isKnown() || channels.size() == 1 || channels.size() == 3;
    }

    /** Both sides are fixed. */
    boolean isFixed() {
        return height.isKnown() && width.isKnown();
    }

    boolean fits(Image image) {
        return (!height.isKnown() || height.size() == image.height())
                && (!width.isKnown() || width.size() == image.width());
    }
}
