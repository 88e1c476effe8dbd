package dev.detent.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));
    private static final String OWN = Long.toString(ProcessHandle.current().pid());
    private static final Pattern NAME = Pattern.compile("detent-scratch-(\\d+)-\\d+");
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
                folder = Optional.of(made());
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

        /** A sweep of another process may take the folder as long as nobody holds its lock; then comes another. */
        private Path made() throws IOException {
            // Whatever command leaves one behind when it is killed removes that of the last.
            sweep();
            for (int i = 0; i < TRIES; i++) {
                Path made = Files.createTempDirectory("detent-scratch-" + OWN + "-");
                if (hold(made.resolve(LOCK))) {
                    return made;
                }
            }
            throw new IOException("no folder could be made in " + TEMPORARY);
        }

        private boolean hold(Path lock) throws IOException {
            try {
                FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                held.add(channel);
                channel.lock();
                return Files.exists(lock);
            } catch (NoSuchFileException e) {
                return false;
            }
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
        try (Stream<Path> files = Files.list(TEMPORARY)) {
            files.filter(ScratchFolder::isAnothers).toList().forEach(ScratchFolder::removeIfLeft);
        } catch (IOException | UncheckedIOException e) {
            // Whoever needs the temporary folder will say that it cannot be read.
            return;
        }
    }

    /** Closing a second channel to our own lock would give the lock back. */
    private static boolean isAnothers(Path folder) {
        Matcher m = NAME.matcher(folder.getFileName().toString());
        return m.matches() && !m.group(1).equals(OWN) && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * The lock alone tells that its process is dead: numbers are given again and are counted apart in containers, and a
     * killed process that nobody waits for still has one. A folder without a lock is one whose process came no further,
     * and empty.
     */
    private static void removeIfLeft(Path folder) {
        try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock free = channel.tryLock()) {
            if (free != null) {
                remove(folder);
            }
        } catch (NoSuchFileException e) {
            removeEmpty(folder);
        } catch (IOException | OverlappingFileLockException e) {
            // Another user's, or somebody else is removing it.
            return;
        }
    }

    private static void removeEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // Its process makes its lock just now, or it holds what is not ours.
            return;
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
