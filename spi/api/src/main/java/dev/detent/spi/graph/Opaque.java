package dev.detent.spi.graph;

/**
 * What the reader found and nobody here models: kept byte for byte so that writing loses nothing. Only the host's
 * reader and writer look inside.
 */
public final class Opaque {

    public static final Opaque NONE = new Opaque(new byte[0]);

    private final byte[] bytes;

    public Opaque(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }
}
