package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What every reader of data needs of a file: its ending, its size, and that it is a file at all. */
public final class DataFile {

    private static final long SMALL = 1L << 20;

    private DataFile() {}

    /** In lower case: {@code .JPG} is {@code .jpg}. */
    static boolean hasEnding(Path file, String... endings) {
        return Arrays.stream(endings).anyMatch(name(file).toLowerCase(Locale.ROOT)::endsWith);
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** Files of a folder with one of these endings, hidden ones left out, in the order of their names. */
    static List<Path> list(Path folder, String... endings) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> hasEnding(f, endings))
                    .filter(f -> !name(f).startsWith("."))
                    .sorted(Comparator.comparing(DataFile::name))
                    .toList();
        } catch (IOException e) {
            throw new UserException(
                    DataProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
    }

    /**
     * Reading a pipe waits for ever, reading a device never ends: neither is opened.
     *
     * @throws UserException when there is something, and it is no file
     */
    public static Path regular(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new UserException(
                    DataProblems.NO_REGULAR_FILE,
                    "is no regular file but a folder, a pipe or a device; copy what it holds into a file",
                    file.toString());
        }
        return file;
    }

    /** In bytes, of a regular file. */
    static long size(Path file) {
        try {
            return Files.size(regular(file));
        } catch (IOException e) {
            throw unreadable(file.toString(), e);
        }
    }

    /**
     * A part of a file, mapped, or read where it is small: a mapping stays until Java collects it, and a process may
     * have 65,530 of them (Linux, vm.max_map_count), fewer than a folder may have files.
     */
    static ByteBuffer part(FileChannel file, long from, long bytes) throws IOException {
        if (bytes > SMALL) {
            return file.map(FileChannel.MapMode.READ_ONLY, from, bytes);
        }
        ByteBuffer part = ByteBuffer.allocateDirect((int) bytes);
        while (part.hasRemaining()) {
            if (file.read(part, from + part.position()) < 0) {
                throw new EOFException("it became shorter");
            }
        }
        return part.flip();
    }

    static UserException unreadable(String where, IOException e) {
        return new UserException(DataProblems.UNREADABLE, "cannot be read: " + e.getMessage(), where, e);
    }
}
