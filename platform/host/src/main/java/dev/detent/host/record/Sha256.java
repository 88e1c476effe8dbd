package dev.detent.host.record;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** SHA-256 of files and of whole data folders (file names and contents, sorted; not where they lie). */
public final class Sha256 {

    private Sha256() {}

    static String of(Path path) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            if (Files.isDirectory(path)) {
                List<Path> files;
                try (Stream<Path> all = Files.walk(path)) {
                    files = all.filter(Files::isRegularFile).sorted().toList();
                }
                for (Path f : files) {
                    sha.update(path.relativize(f).toString().getBytes(StandardCharsets.UTF_8));
                    update(sha, f);
                }
            } else {
                update(sha, path);
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (IOException e) {
            throw new UserException("DT-DAT-020", "cannot be read: " + e.getMessage(), path.toString(), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void update(MessageDigest sha, Path file) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sha.update(buffer, 0, n);
            }
        }
    }

    /** Bytes of a file; 0 when it is gone. */
    /** Bytes of a model's file, or of its weights where they lie in files beside it. */
    public static long size(Path model, Graph graph) {
        return Math.max(size(model), OnnxWriter.weightBytes(graph));
    }

    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }
}
