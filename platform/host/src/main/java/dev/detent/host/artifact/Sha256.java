package dev.detent.host.artifact;

import dev.detent.host.data.ClassFolders;
import dev.detent.host.problem.DataProblems;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** SHA-256 of files and of data folders (names and contents of the files in them, sorted; not where they lie). */
public final class Sha256 {

    private Sha256() {}

    /**
     * Of a file, or of the files that lie directly in a folder, and of the pictures of its classes where it holds
     * folders of such: nowhere else are samples read from.
     */
    public static String of(Path path) {
        try {
            MessageDigest sha = sha256();
            if (Files.isDirectory(path)) {
                for (Path f : files(path)) {
                    sha.update(path.relativize(f).toString().getBytes(StandardCharsets.UTF_8));
                    // A sample that cannot be read fails where it is read; of anything else the name is enough.
                    if (Files.isReadable(f)) {
                        update(sha, f);
                    }
                }
            } else {
                update(sha, path);
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (IOException | UncheckedIOException e) {
            throw new UserException(DataProblems.UNREADABLE, "cannot be read: " + e.getMessage(), path.toString(), e);
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        List<Path> pictures = ClassFolders.in(folder).map(ClassFolders::files).orElse(List.of());
        try (Stream<Path> direct = Files.list(folder).filter(Files::isRegularFile)) {
            return Stream.concat(direct, pictures.stream()).sorted().toList();
        }
    }

    public static String of(byte[] content) {
        return HexFormat.of().formatHex(sha256().digest(content));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of all that is left to read of {@code in}. */
    public static String of(InputStream in) throws IOException {
        MessageDigest sha = sha256();
        update(sha, in);
        return HexFormat.of().formatHex(sha.digest());
    }

    private static void update(MessageDigest sha, Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            update(sha, in);
        }
    }

    private static void update(MessageDigest sha, InputStream in) throws IOException {
        update(sha, in, Long.MAX_VALUE);
    }

    /** Of so many bytes, or of all where there are fewer. */
    static void update(MessageDigest sha, InputStream in, long bytes) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = bytes;
        for (int n = 0; n >= 0 && left > 0; left -= n) {
            n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            sha.update(buffer, 0, Math.max(0, n));
        }
    }

    /** Bytes of a model's file, or of its weights where they lie in files beside it. */
    public static long size(Path model, Graph graph) {
        return Math.max(size(model), OnnxWriter.weightBytes(graph));
    }

    /** Bytes of a file; 0 when it is gone. */
    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }
}
