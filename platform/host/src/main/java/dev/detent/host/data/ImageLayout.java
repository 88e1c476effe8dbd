package dev.detent.host.data;

import java.util.Locale;

/** Where the channels of an image tensor stand: in front of height and width, or behind them. */
public enum ImageLayout {
    NCHW(1, 2, 3),
    NHWC(3, 1, 2);

    private final int channelAxis;
    private final int heightAxis;
    private final int widthAxis;

    ImageLayout(int channelAxis, int heightAxis, int widthAxis) {
        this.channelAxis = channelAxis;
        this.heightAxis = heightAxis;
        this.widthAxis = widthAxis;
    }

    int channelAxis() {
        return channelAxis;
    }

    int heightAxis() {
        return heightAxis;
    }

    int widthAxis() {
        return widthAxis;
    }

    /** The shape of one image. */
    long[] shape(long channels, long height, long width) {
        long[] shape = {1, 0, 0, 0};
        shape[channelAxis] = channels;
        shape[heightAxis] = height;
        shape[widthAxis] = width;
        return shape;
    }

    ImageLayout other() {
        return this == NCHW ? NHWC : NCHW;
    }

    /** As users write it: {@code nchw}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
