package dev.detent.host.data;

import java.util.Locale;

/** Which colour is channel 0 of the model's input. */
public enum ChannelOrder {
    RGB,
    BGR;

    /** The plane of an image (red, green, blue) that is channel {@code c}. */
    int plane(int c) {
        return this == RGB ? c : 2 - c;
    }

    /** As users write it: {@code rgb}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
