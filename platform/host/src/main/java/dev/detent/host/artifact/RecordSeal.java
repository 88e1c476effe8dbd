package dev.detent.host.artifact;

import java.nio.charset.StandardCharsets;
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

    private static String digest(String text) {
        return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
