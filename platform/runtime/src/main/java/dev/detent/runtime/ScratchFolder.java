package dev.detent.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * This process's folder for files that live while it does, in the system's temporary folder: models on their way to and
 * from ONNX Runtime, plugins under test. It goes when the process ends; what a killed process left, {@link #sweep}
 * removes. Thread-safe.
 */
public final class ScratchFolder {

    private static final String LOCK = "lock";
    private static final Pattern NAME = Pattern.compile("detent-scratch-(\\d+)-\\d+");
    /** Nobody takes so long between making the folder and its lock. */
    private static final Duration UNLOCKED = Duration.ofMinutes(1);
    /** Native code may be writing into the folder while it is removed. */
    private static final int TRIES = 200;

    private static final int PAUSE_MS = 5;

    /** Made when the first file is wanted. */
    private static final class Own {
        private static final Own INSTANCE = new Own();

        private Optional<Path> folder = Optional.empty();
        private boolean over;
        /** Locked until the process ends; a channel that nothing refers to would be closed. */
        private final List<FileChannel> held = new ArrayList<>();

        /** @throws IOException also when the process is ending */
        private synchronized Path folder() throws IOException {
            if (over) {
                throw new IOException("the process is ending");
            }
            if (folder.isEmpty() || !Files.isDirectory(folder.get())) {
                if (held.isEmpty()) {
                    watch();
                }
                Path made = Files.createTempDirectory(
                        "detent-scratch-" + ProcessHandle.current().pid() + "-");
                folder = Optional.of(made);
                hold(made);
            }
            return folder.get();
        }

        /** Before anything is made: {@link #end} waits until it is, and removes it. */
        private void watch() throws IOException {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(this::end, "detent-cleanup"));
            } catch (IllegalStateException e) {
                throw new IOException("the process is ending", e);
            }
        }

        private void hold(Path folder) throws IOException {
            FileChannel channel =
                    FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            held.add(channel);
            channel.lock();
        }

        private synchronized void end() {
            over = true;
            folder.ifPresent(ScratchFolder::remove);
        }
    }

    private ScratchFolder() {}

    /** A new empty folder in this process's own; its maker removes it with {@link #remove}. */
    public static Path folder(String purpose) throws IOException {
        return Files.createTempDirectory(Own.INSTANCE.folder(), purpose);
    }

    /** A new empty file in this process's own folder. */
    static Path file(String purpose, String ending) throws IOException {
        return Files.createTempFile(Own.INSTANCE.folder(), purpose, ending);
    }

    /** Removes what killed processes left; what cannot be removed stays. */
    public static void sweep() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> files = Files.list(temporary)) {
            files.filter(f -> Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS) && isLeft(f))
                    .toList()
                    .forEach(ScratchFolder::remove);
        } catch (IOException | UncheckedIOException e) {
            // Whoever needs the temporary folder will say that it cannot be read.
            return;
        }
    }

    /** Its process is dead and holds no lock; the number alone does not tell where processes are counted apart. */
    private static boolean isLeft(Path folder) {
        Matcher m = NAME.matcher(folder.getFileName().toString());
        if (!m.matches()
                || ProcessHandle.of(Long.parseLong(m.group(1)))
                        .filter(ProcessHandle::isAlive)
                        .isPresent()) {
            return false;
        }
        Path lock = folder.resolve(LOCK);
        try {
            if (!Files.exists(lock)) {
                return Files.getLastModifiedTime(folder)
                        .toInstant()
                        .isBefore(Instant.now().minus(UNLOCKED));
            }
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
                    FileLock free = channel.tryLock()) {
                return free != null;
            }
        } catch (IOException e) {
            // Another user's, or somebody else is removing it.
            return false;
        }
    }

    /** Removes a folder with everything in it, as far as that can be done. */
    public static void remove(Path folder) {
        for (int i = 0; i < TRIES && Files.exists(folder, LinkOption.NOFOLLOW_LINKS); i++) {
            try {
                List<Path> all;
                try (Stream<Path> files = Files.walk(folder)) {
                    // The lock goes last but for the folder: as long as anything is left it tells whose it is.
                    all = files.sorted(Comparator.comparing((Path f) -> f.equals(folder.resolve(LOCK)))
                                    .thenComparing(Comparator.reverseOrder()))
                            .toList();
                }
                for (Path f : all) {
                    if (!f.equals(folder)) {
                        Files.deleteIfExists(f);
                    }
                }
                Files.deleteIfExists(folder);
            } catch (NotDirectoryException e) {
                return;
            } catch (IOException | UncheckedIOException e) {
                if (!pause()) {
                    return;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(PAUSE_MS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
