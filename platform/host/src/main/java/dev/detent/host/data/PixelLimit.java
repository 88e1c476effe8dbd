package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;

/** How large a picture may be: its size is known before a pixel of it is decoded or scaled. */
final class PixelLimit {

    /** About 11,600 x 11,600: more than any camera takes, and far less than a damaged or hostile header may say. */
    private static final long MOST = 1L << 27;

    /** Three planes of floats and the decoded bytes, 16 of them, in at most half of the heap. */
    private static final int BYTES = 32;

    private PixelLimit() {}

    static long pixels() {
        return Math.min(MOST, Runtime.getRuntime().maxMemory() / BYTES);
    }

    /** @param what the picture, as the beginning of a sentence: {@code is} or {@code would be scaled to} */
    static void require(long width, long height, String what, String where) {
        if (width * height > pixels()) {
            throw new UserException(
                    DataProblems.PICTURE_PIXELS,
                    what + " " + width + " x " + height + " pixels; at most " + pixels() + " are read: make it smaller",
                    where);
        }
    }
}
