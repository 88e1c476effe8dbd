package dev.detent.host.artifact;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A single file that is written whole or not at all, even when the process dies meanwhile. What a dead process was
 * writing goes with the next write of that file: whoever writes holds a lock, and death gives it up.
 */
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
        sweep(absolute);
        // A temporary file of Java's would be for its owner's eyes alone.
        Path draft = absolute.resolveSibling(prefix(absolute) + UUID.randomUUID());
        try {
            writeLocked(draft, content);
            Files.move(draft, absolute, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** Of the names of drafts of a file. */
    private static String prefix(Path file) {
        return "." + file.getFileName() + ".detent-";
    }

    private static void writeLocked(Path draft, byte[] content) throws IOException {
        try (FileChannel to = FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            to.lock();
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
        }
    }

    private static void sweep(Path file) throws IOException {
        Path folder = Objects.requireNonNull(file.getParent());
        if (!Files.isReadable(folder)) {
            return;
        }
        List<Path> drafts;
        try (Stream<Path> files = Files.list(folder)) {
            drafts = files.filter(f -> isDraft(f, prefix(file))).sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path draft : drafts) {
            if (isLeft(draft)) {
                Files.deleteIfExists(draft);
            }
        }
    }

    private static boolean isDraft(Path file, String prefix) {
        String name = file.getFileName().toString();
        return name.startsWith(prefix)
                && name.substring(prefix.length()).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isLeft(Path draft) {
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock != null;
        } catch (OverlappingFileLockException | IOException e) {
            // This process writes it, or nobody can tell.
            return false;
        }
    }
}
