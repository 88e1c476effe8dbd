package dev.detent.host.artifact;

import dev.detent.report.Json;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last line of a {@code detent.json}, and of a search's {@code tune.json}: a digest of everything before it. A
 * folder is ours to write into when its record is whole; a file of that name which somebody else wrote, or which was
 * damaged or edited, does not pass.
 */
public final class RecordSeal {

    private static final String KEY = "record";
    private static final String OPEN = "0".repeat(64);
    private static final Pattern SEAL = Pattern.compile("\"" + KEY + "\": \"([0-9a-f]{64})\"\\s*}\\s*$");

    /** Bytes that hold the last line, and what white space an editor may have put behind it. */
    private static final int TAIL = 256;

    private RecordSeal() {}

    /** The record with the member that takes the seal. */
    public static Map<String, Object> unsealed(Map<String, Object> record) {
        Map<String, Object> with = new LinkedHashMap<>(record);
        with.put(KEY, OPEN);
        return with;
    }

    /** @param text the JSON text of an {@link #unsealed} record */
    public static String seal(String text) {
        Matcher m = SEAL.matcher(text);
        if (!m.find() || !m.group(1).equals(OPEN)) {
            throw new IllegalArgumentException("no place for a seal");
        }
        return text.substring(0, m.start(1)) + digest(text) + text.substring(m.end(1));
    }

    /** Whether the text is a record as {@link #seal} left it. */
    public static boolean holds(String text) {
        Matcher m = SEAL.matcher(text);
        return m.find() && m.group(1).equals(digest(text.substring(0, m.start(1)) + OPEN + text.substring(m.end(1))));
    }

    /** Writes a sealed record without holding its text: a large model's is longer than what Java may take. */
    static void write(Map<String, Object> record, Path file) throws IOException {
        MessageDigest sha = Sha256.sha256();
        try (Writer out = new OutputStreamWriter(
                new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(file)), sha),
                StandardCharsets.UTF_8)) {
            Json.pretty(unsealed(record), out);
        }
        byte[] tail = tail(file);
        Matcher m = SEAL.matcher(new String(tail, StandardCharsets.ISO_8859_1));
        if (!m.find()) {
            throw new IllegalArgumentException("no place for a seal");
        }
        String seal = HexFormat.of().formatHex(sha.digest());
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            out.write(
                    ByteBuffer.wrap(seal.getBytes(StandardCharsets.ISO_8859_1)), out.size() - tail.length + m.start(1));
        }
    }

    /** Whether the file is a record as {@link #seal} left it. */
    public static boolean holds(Path file) throws IOException {
        byte[] tail = tail(file);
        Matcher m = SEAL.matcher(new String(tail, StandardCharsets.ISO_8859_1));
        if (!m.find()) {
            return false;
        }
        MessageDigest sha = Sha256.sha256();
        try (InputStream in = Files.newInputStream(file)) {
            Sha256.update(sha, in, Files.size(file) - tail.length);
        }
        sha.update(tail, 0, m.start(1));
        sha.update(OPEN.getBytes(StandardCharsets.ISO_8859_1));
        sha.update(tail, m.end(1), tail.length - m.end(1));
        return m.group(1).equals(HexFormat.of().formatHex(sha.digest()));
    }

    private static byte[] tail(Path file) throws IOException {
        try (FileChannel in = FileChannel.open(file)) {
            ByteBuffer tail = ByteBuffer.allocate((int) Math.min(TAIL, in.size()));
            while (tail.hasRemaining() && in.read(tail, in.size() - tail.remaining()) > 0) {
                // reads on
            }
            return tail.array();
        }
    }

    private static String digest(String text) {
        return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
