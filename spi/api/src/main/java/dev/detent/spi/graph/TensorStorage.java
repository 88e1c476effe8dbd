package dev.detent.spi.graph;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where the bytes of new tensors lie. Weights that were changed would take as much heap as the model is large, so when
 * they have taken a quarter of Java's heap, further large ones lie in files of the temporary folder, mapped like those
 * of the model: the operating system keeps in memory what it has room for.
 */
final class TensorStorage {

    static final String PREFIX = "detent-tensor";

    /** Smaller ones cost more pages than they are worth. */
    private static final int LARGE = 1 << 20;

    /** What large tensors have taken of the heap, ever: a tensor that is let go may be alive for long. */
    private static final AtomicLong TAKEN = new AtomicLong();

    private TensorStorage() {}

    /** Zeros, written from the front. */
    static ByteBuffer allocate(int bytes) {
        boolean large = bytes >= LARGE;
        return large && isMuch(TAKEN.addAndGet(bytes), Runtime.getRuntime().maxMemory())
                ? mapped(bytes)
                : ByteBuffer.allocate(bytes);
    }

    static boolean isMuch(long taken, long heap) {
        return taken > heap / 4;
    }

    /** A file is made longer without room for it; writing to its pages would then end in an error of the JVM. */
    static boolean hasRoom(int bytes, long usable) {
        return usable >= bytes;
    }

    static ByteBuffer mapped(int bytes) {
        try {
            Path file = Files.createTempFile(PREFIX, "");
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return hasRoom(bytes, file.toFile().getUsableSpace())
                        ? channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes)
                        : ByteBuffer.allocate(bytes);
            } finally {
                remove(file);
            }
        } catch (IOException e) {
            // No file can be made there: the heap may have room.
            return ByteBuffer.allocate(bytes);
        }
    }

    /** What is mapped stays readable without its name; Windows keeps the name until Java ends. */
    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            file.toFile().deleteOnExit();
        }
    }
}
