package dev.detent.spi.graph;

/**
 * What the reader found and nobody here models: kept byte for byte so that writing loses nothing. Only the host's
 * reader and writer look inside.
 */
public final class UnmodeledProto {

    public static final UnmodeledProto NONE = new UnmodeledProto(new byte[0]);

    private final byte[] bytes;

    public UnmodeledProto(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }
}
