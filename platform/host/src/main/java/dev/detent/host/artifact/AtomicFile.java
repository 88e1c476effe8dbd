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

    /** Replaces a file in one step. A device, and the file behind a symbolic link, are written to where they are. */
    public static void write(Path file, byte[] content) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file) || Files.isSymbolicLink(file)) {
            Files.write(file, content);
            return;
        }
        Path absolute = file.toAbsolutePath();
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
