package dev.detent.host.artifact;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A single file that is written whole or not at all, even when the process dies meanwhile. */
public final class AtomicFile {

    private AtomicFile() {}

    /** Replaces a file in one step, or the one that a symbolic link leads to. A device is written to where it is. */
    public static void write(Path file, byte[] content) throws IOException {
        boolean isLink = Files.isSymbolicLink(file);
        if ((isLink || Files.exists(file)) && !Files.isRegularFile(file)) {
            Files.write(file, content);
            return;
        }
        Path absolute = isLink ? file.toRealPath() : file.toAbsolutePath();
        // A temporary file of Java's would be for its owner's eyes alone.
        Path draft = absolute.resolveSibling(".detent-" + UUID.randomUUID());
        try {
            Files.write(draft, content, StandardOpenOption.CREATE_NEW);
            Files.move(draft, absolute, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }
}
