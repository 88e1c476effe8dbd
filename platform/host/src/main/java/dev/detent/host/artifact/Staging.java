package dev.detent.host.artifact;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A folder that holds results until they are put in place: inside the output folder, or beside it as long as that does
 * not exist, so that every move stays within one file system. Its name is drawn by chance and it holds a file that says
 * whose it is; a person's own folders are told from it by both.
 */
record Staging(Path folder) {

    private static final String MARK = "detent-staging";
    private static final String PREFIX = ".detent-";
    private static final int RANDOM_BYTES = 8;
    /** Somebody may be writing into it while it is removed: a native library, an interrupted thread. */
    private static final int TRIES = 200;

    private static final int PAUSE_MS = 5;

    /** A name that is free; nothing is made yet. */
    static Staging of(Path output) {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String name = HexFormat.of().formatHex(random);
        return new Staging(
                Files.isDirectory(output)
                        ? output.resolve(PREFIX + name)
                        : output.resolveSibling(beside(output) + name));
    }

    private static String beside(Path output) {
        return "." + output.getFileName() + PREFIX;
    }

    /** Those that runs into {@code output} have left; while its lock is held their runs are dead. */
    static List<Staging> left(Path output) throws IOException {
        List<Staging> all = new ArrayList<>();
        find(output, PREFIX, all);
        find(Objects.requireNonNull(output.getParent()), beside(output), all);
        return all;
    }

    private static void find(Path in, String prefix, List<Staging> all) throws IOException {
        if (!Files.isDirectory(in) || !Files.isReadable(in)) {
            return;
        }
        try (Stream<Path> files = Files.list(in)) {
            for (Path f : files.sorted().toList()) {
                String name = f.getFileName().toString();
                if (name.startsWith(prefix)
                        && name.substring(prefix.length()).matches("[0-9a-f]{" + 2 * RANDOM_BYTES + "}")
                        && Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS)
                        && isOurs(f)) {
                    all.add(new Staging(f));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** An empty one was left before its mark was made, or after. */
    private static boolean isOurs(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return Files.isRegularFile(folder.resolve(MARK), LinkOption.NOFOLLOW_LINKS)
                    || files.findAny().isEmpty();
        }
    }

    void create() throws IOException {
        Files.createDirectory(folder);
        Files.createFile(folder.resolve(MARK));
        Files.createDirectory(content());
    }

    /** Where the new files lie, as they will in the output folder. */
    Path content() {
        return folder.resolve("new");
    }

    Path journal() {
        return folder.resolve("commit.json");
    }

    /** Names of the new files, sorted, with {@code /} between folders. */
    List<String> names() throws IOException {
        try (Stream<Path> files = Files.walk(content())) {
            return files.filter(Files::isRegularFile)
                    .map(f -> content().relativize(f).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    /**
     * Makes the folders that a new file lies in. {@link #content} itself is not made: once it is removed nothing brings
     * it back.
     */
    void prepare(Path file) throws IOException {
        Path parent = Objects.requireNonNull(file.getParent());
        if (!parent.equals(content()) && !Files.isDirectory(parent)) {
            prepare(parent);
            Files.createDirectory(parent);
        }
    }

    /** Removes the folder, its mark last; what is left after all tries the next run removes. */
    void remove() {
        for (int i = 0; i < TRIES && Files.exists(folder, LinkOption.NOFOLLOW_LINKS); i++) {
            try {
                removeTree(content());
                removeOthers();
                Files.deleteIfExists(folder.resolve(MARK));
                Files.deleteIfExists(folder);
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

    private void removeOthers() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path f : files.filter(f -> !f.endsWith(MARK)).toList()) {
                Files.deleteIfExists(f);
            }
        }
    }

    /** Removes a folder with everything in it; links are not followed. */
    static void removeTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path f : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(f);
            }
        }
    }
}
