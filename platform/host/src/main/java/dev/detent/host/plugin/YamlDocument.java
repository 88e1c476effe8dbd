package dev.detent.host.plugin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** Reads a YAML file that a person wrote: a map of settings, in which every key stands once, of at most 1 MB. */
public final class YamlDocument {

    /** A thousand times what anybody has written. */
    private static final int BYTES = 1 << 20;

    private YamlDocument() {}

    /** The file is no such document; the message is the end of a sentence that begins with its name. */
    public static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String sentence, Throwable cause) {
            super(sentence, cause);
        }

        Malformed(String sentence) {
            super(sentence);
        }

        /** How a sentence about the file ends. */
        public String sentence() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * The map; empty when the file holds nothing at all.
     *
     * @throws IOException when it cannot be read
     */
    public static Optional<Map<String, Object>> read(Path file) throws IOException, Malformed {
        // A pipe would be waited for, a device never ends.
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new Malformed("is no regular file; give a YAML file");
        }
        if (Files.size(file) > BYTES) {
            throw new Malformed("has more than 1 MB, which is the limit");
        }
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        try {
            Object root = new Yaml(new SafeConstructor(options)).load(Files.readString(file));
            if (root == null) {
                return Optional.empty();
            }
            if (!(root instanceof Map<?, ?> map)) {
                throw new Malformed("must be a map of settings");
            }
            Map<String, Object> document = new LinkedHashMap<>();
            map.forEach((k, v) -> document.put(String.valueOf(k), v));
            return Optional.of(document);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw new Malformed("is no YAML: " + e.getProblem() + ", line " + line, e);
        } catch (YAMLException e) {
            throw new Malformed(
                    "is no YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    e);
        } catch (StackOverflowError e) {
            throw new Malformed("is nested too deeply", e);
        }
    }
}
