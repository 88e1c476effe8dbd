package dev.detent.host.observe;

import dev.detent.host.problem.ObservationProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Statistics of shards, kept in a folder beside the file that they will make together, {@code FILE.parts}, until that
 * is written. Their names say which look they belong to, so that another model, other data or options begin anew.
 *
 * @param key of the look
 */
public record PartFiles(Path folder, String key) {

    private static final int KEY = 16;
    private static final String NAME = "[0-9a-f]{" + KEY + "}-\\d+-of-\\d+\\.obs";

    /** Of a look at data; nothing is made yet. */
    public static PartFiles beside(Path written, String sha256) {
        return new PartFiles(folder(written), sha256.substring(0, KEY));
    }

    private static Path folder(Path written) {
        return written.resolveSibling(written.getFileName() + ".parts");
    }

    private Path file(Shard shard) {
        return folder.resolve(key + "-" + shard.index() + "-of-" + shard.count() + ".obs");
    }

    /** What an earlier look has kept of a shard. */
    public Optional<Observations> read(Shard shard) {
        Path file = file(shard);
        return Files.exists(file) ? Optional.of(ObservationsFile.read(file)) : Optional.empty();
    }

    /** Keeps a shard. */
    public void write(Shard shard, Observations seen) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw notWritten(folder, e);
        }
        ObservationsFile.write(file(shard), seen);
    }

    /** Removes the parts of a file that has been written, earlier looks' too, and nothing else. */
    public static void clear(Path written) {
        Path folder = folder(written);
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            for (Path file : files(folder)) {
                if (file.getFileName().toString().matches(NAME)) {
                    Files.deleteIfExists(file);
                }
            }
            if (files(folder).isEmpty()) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw notWritten(folder, e);
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static UserException notWritten(Path folder, IOException e) {
        return new UserException(
                ObservationProblems.NOT_WRITTEN,
                "is where parts are kept and cannot be used: " + e.getMessage(),
                folder.toString(),
                e);
    }
}
