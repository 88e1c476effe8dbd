package dev.detent.host.record;

import dev.detent.host.artifact.Sha256;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.progress.BackgroundTask;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * The SHA-256 of an input as it was when the run began to read it. The file is opened at once and summed up beside the
 * run, so a file that takes its place later changes nothing. A file that is written over while the run reads it is
 * found out: its results would be of neither.
 */
public final class InputDigest {

    private final Path path;
    private final Optional<BasicFileAttributes> opened;
    private final BackgroundTask<String> digest;

    private InputDigest(Path path, Optional<BasicFileAttributes> opened, BackgroundTask<String> digest) {
        this.path = path;
        this.opened = opened;
        this.digest = digest;
    }

    /** Begins with a file, or with the files that lie directly in a folder. Who reads it says what is wrong with it. */
    public static InputDigest of(Path path) {
        if (!Files.isRegularFile(path)) {
            return new InputDigest(path, Optional.empty(), BackgroundTask.of("detent-digest", () -> Sha256.of(path)));
        }
        try {
            InputStream in = Files.newInputStream(path);
            BasicFileAttributes opened = Files.readAttributes(path, BasicFileAttributes.class);
            return new InputDigest(
                    path, Optional.of(opened), BackgroundTask.of("detent-digest", () -> drained(in, path)));
        } catch (IOException e) {
            return new InputDigest(path, Optional.empty(), BackgroundTask.of("detent-digest", () -> Sha256.of(path)));
        }
    }

    private static String drained(InputStream in, Path path) {
        try (in) {
            return Sha256.of(in);
        } catch (IOException | UncheckedIOException e) {
            throw new UserException(DataProblems.UNREADABLE, "cannot be read: " + e.getMessage(), path.toString(), e);
        }
    }

    /**
     * Called when the run has opened the file.
     *
     * @throws UserException when it is not the file any more that this began with
     */
    public InputDigest confirm() {
        if (opened.isPresent()
                && !stamp(opened.get()).equals(now().map(InputDigest::stamp).orElse(""))) {
            throw changed();
        }
        return this;
    }

    /**
     * Called when the run has read the file for the last time.
     *
     * @throws UserException when it was written over meanwhile
     */
    public String sha256() {
        String sha = digest.get();
        boolean touched = opened.flatMap(before -> now().filter(after -> isSameFile(before, after))
                        .filter(after -> !stamp(before).equals(stamp(after))))
                .isPresent();
        if (touched && !Sha256.of(path).equals(sha)) {
            throw changed();
        }
        return sha;
    }

    private Optional<BasicFileAttributes> now() {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static boolean isSameFile(BasicFileAttributes a, BasicFileAttributes b) {
        return String.valueOf(a.fileKey()).equals(String.valueOf(b.fileKey()));
    }

    private static String stamp(BasicFileAttributes a) {
        return a.fileKey() + " " + a.size() + " " + a.lastModifiedTime().toInstant();
    }

    private UserException changed() {
        return new UserException(
                DataProblems.CHANGED_MEANWHILE, "was changed while the run read it; run again", path.toString());
    }
}
