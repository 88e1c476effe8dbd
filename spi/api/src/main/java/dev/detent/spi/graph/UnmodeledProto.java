package dev.detent.spi.graph;

import dev.detent.spi.Stable;

/**
 * What the reader found and nobody here models: kept byte for byte so that writing loses nothing. Only the host's
 * reader and writer look inside.
 */
@Stable(since = "1.0")
public final class UnmodeledProto {

    /** Nothing. */
    public static final UnmodeledProto NONE = new UnmodeledProto(new byte[0]);

    private final byte[] bytes;

    /** Wraps a copy of the bytes. */
    public UnmodeledProto(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** The bytes; the caller's own copy. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** There is nothing in it. */
    public boolean isEmpty() {
        return bytes.length == 0;
    }
}
