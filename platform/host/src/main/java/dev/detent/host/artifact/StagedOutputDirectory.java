package dev.detent.host.artifact;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where results are written: a staging folder beside the wanted one, moved into place in one step when everything has
 * succeeded. Whatever goes wrong, no half-written result is left; a killed process leaves at most the staging folder,
 * which the next run clears.
 */
public final class StagedOutputDirectory implements AutoCloseable {

    /** Present in every folder Detent has written; a folder without it is never replaced. */
    public static final String MARK = "detent.json";

    private final Path wanted;
    private final Path staging;
    private final Thread cleaner;
    private boolean done;

    public StagedOutputDirectory(Path wanted) {
        this.wanted = wanted.toAbsolutePath().normalize();
        Path parent = this.wanted.getParent();
        if (parent == null) {
            throw new UserException(
                    "DT-OUT-002", "is the root of all folders; give a new one with --out", wanted.toString());
        }
        this.staging = parent.resolve("." + this.wanted.getFileName() + ".partial");
        if (Files.exists(this.wanted) && !Files.isDirectory(this.wanted)) {
            throw new UserException("DT-OUT-001", "is a file; give a folder with --out", wanted.toString());
        }
        if (Files.isDirectory(this.wanted) && !Files.exists(this.wanted.resolve(MARK)) && !isEmpty(this.wanted)) {
            throw new UserException(
                    "DT-OUT-002", "is a folder with other files in it; give a new one with --out", wanted.toString());
        }
        try {
            delete(staging);
            Files.createDirectories(staging);
        } catch (IOException | UncheckedIOException e) {
            throw new UserException("DT-OUT-003", "cannot be written: " + reason(e), parent.toString(), e);
        }
        cleaner = new Thread(() -> deleteQuietly(staging));
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    private static boolean isEmpty(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().isEmpty();
        } catch (IOException e) {
            throw new UserException("DT-OUT-003", "cannot be read: " + reason(e), folder.toString(), e);
        }
    }

    /** Path of a file in staging. */
    public Path file(String name) {
        Path f = staging.resolve(name).normalize();
        if (!f.startsWith(staging) || name.isBlank()) {
            throw new IllegalArgumentException("a file name must stay inside the output folder: " + name);
        }
        return f;
    }

    /** What a write into staging threw, as a sentence. */
    public UserException failed(String name, IOException e) {
        return new UserException(
                "DT-OUT-004",
                "could not be written: " + reason(e),
                wanted.resolve(name).toString(),
                e);
    }

    private static String reason(Exception e) {
        Throwable t = e instanceof UncheckedIOException u && u.getCause() != null ? u.getCause() : e;
        return t instanceof java.nio.file.FileSystemException f && f.getReason() != null
                ? f.getReason()
                : t instanceof java.nio.file.AccessDeniedException ? "access denied" : String.valueOf(t.getMessage());
    }

    /** Moves the results into place; an earlier result of Detent there is replaced. */
    public void commit() {
        Path old = wanted.resolveSibling("." + wanted.getFileName() + ".old");
        try {
            delete(old);
            if (Files.exists(wanted)) {
                Files.move(wanted, old);
            }
            Files.move(staging, wanted);
            done = true;
            delete(old);
        } catch (IOException e) {
            throw new UserException("DT-OUT-005", "could not be put in place: " + reason(e), wanted.toString(), e);
        }
    }

    /** Names and sizes of what has been staged, sorted. */
    public List<Path> staged() {
        try (Stream<Path> files = Files.walk(staging)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw failed("", e);
        }
    }

    @Override
    public void close() {
        if (!done) {
            deleteQuietly(staging);
        }
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The machine is going down: the hook itself cleans.
            return;
        }
    }

    private static void deleteQuietly(Path folder) {
        try {
            delete(folder);
        } catch (IOException | UncheckedIOException e) {
            // The next run clears what could not be removed now.
            return;
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path f : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        }
    }
}
