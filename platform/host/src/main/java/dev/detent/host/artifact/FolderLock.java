package dev.detent.host.artifact;

import dev.detent.host.problem.OutputProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps two runs from writing into one output folder at a time: a lock on a file beside the folder, which the system
 * gives up when the process dies however it dies. The file is removed with the lock.
 */
final class FolderLock implements AutoCloseable {

    private static final String MARK = "Detent writes here, process ";
    private static final int TRIES = 100;

    /**
     * Locks that this process holds: the system counts them by process, and closing a second channel would end them.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private FolderLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Name of the lock of {@code folder}, wherever it lies. */
    static String name(Path folder) {
        return "." + folder.getFileName() + ".detent-lock";
    }

    /** Whether a lock file exists, of a running process or of one that died. */
    static boolean isThere(Path folder) throws IOException {
        return Files.isRegularFile(place(folder), LinkOption.NOFOLLOW_LINKS) && isOurs(place(folder));
    }

    /** Beside the folder; inside where nothing can be written beside it. */
    private static Path place(Path folder) {
        Path parent = Objects.requireNonNull(folder.getParent(), "the root of all folders is refused before");
        return (Files.isWritable(parent) || !Files.isDirectory(folder) ? parent : folder).resolve(name(folder));
    }

    /**
     * The lock of a folder, which need not exist; empty while another run holds it.
     *
     * @param folder with all links followed
     */
    static Optional<FolderLock> tryAcquire(Path folder) throws IOException {
        Path file = place(folder);
        if (!HELD.add(file)) {
            return Optional.empty();
        }
        Optional<FolderLock> lock = Optional.empty();
        try {
            refuseForeign(file);
            lock = acquire(file);
            return lock;
        } finally {
            if (lock.isEmpty()) {
                HELD.remove(file);
            }
        }
    }

    private static Optional<FolderLock> acquire(Path file) throws IOException {
        for (int i = 0; i < TRIES; i++) {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            try {
                Optional<Object> opened = identity(file);
                FileLock lock = channel.tryLock();
                if (lock == null) {
                    channel.close();
                    return Optional.empty();
                }
                // The holder deletes the file before it unlocks, so the opened file may no longer be the one at this
                // path.
                if (opened.isPresent() && opened.equals(identity(file))) {
                    channel.truncate(0);
                    channel.write(ByteBuffer.wrap(
                            (MARK + ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
                    return Optional.of(new FolderLock(file, channel));
                }
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            channel.close();
        }
        return Optional.empty();
    }

    /** What tells the file from another one of its name; a constant where the system knows no such thing. */
    private static Optional<Object> identity(Path file) throws IOException {
        try {
            return Optional.of(Objects.requireNonNullElse(
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                            .fileKey(),
                    ""));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static void refuseForeign(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !isOurs(file)) {
            throw new UserException(
                    OutputProblems.LOCK_IN_THE_WAY,
                    "is in the way: Detent keeps a lock under this name; move it away",
                    file.toString());
        }
    }

    private static boolean isOurs(Path file) throws IOException {
        try {
            return Files.size(file) == 0
                    || Files.size(file) < 100 && Files.readString(file).startsWith(MARK);
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // An unlocked file of ours holds nobody up; the next run takes and removes it.
            HELD.remove(file);
        }
        try {
            channel.close();
        } catch (IOException e) {
            // The lock ends with the process at the latest.
            HELD.remove(file);
        }
        HELD.remove(file);
    }
}
