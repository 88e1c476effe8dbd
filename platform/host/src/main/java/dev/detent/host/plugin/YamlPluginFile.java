package dev.detent.host.plugin;

import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * A YAML file beside the plugin jars, for the plugin that makes something of it. Its id is its file name.
 *
 * @param document empty when the file has problems
 */
public record YamlPluginFile(Path file, Map<String, Object> document, String sha256, List<Problem> problems)
        implements PluginFile {

    static final String VERSION = "yaml";

    /** Never throws. */
    public static YamlPluginFile read(Path file) {
        String where = file.getFileName().toString();
        try {
            JarLimits.checkFile(file);
            if (Files.size(file) > JarLimits.TEXT_BYTES) {
                return refused(file, "", "DT-PLG-015", "has more than 1 MB, which is the limit");
            }
            String sha256 = PluginFile.sha256(file);
            if (!where.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
                return refused(file, sha256, "DT-PLG-014", "must have a name of letters, digits and . _ - only");
            }
            LoaderOptions options = new LoaderOptions();
            options.setAllowDuplicateKeys(false);
            Object root = new Yaml(new SafeConstructor(options)).load(Files.readString(file));
            if (!(root instanceof Map<?, ?> map)) {
                return refused(file, sha256, "DT-PLG-032", "must be a map of settings");
            }
            Map<String, Object> document = new LinkedHashMap<>();
            map.forEach((k, v) -> document.put(String.valueOf(k), v));
            return new YamlPluginFile(file, document, sha256, List.of());
        } catch (IOException e) {
            return refused(file, "", "DT-PLG-033", "cannot be read: " + e.getMessage());
        } catch (YAMLException | StackOverflowError e) {
            return refused(
                    file,
                    "",
                    "DT-PLG-034",
                    "is no YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("nested too deeply"));
        }
    }

    private static YamlPluginFile refused(Path file, String sha256, String id, String sentence) {
        return new YamlPluginFile(
                file,
                Map.of(),
                sha256,
                List.of(Problem.error(id, sentence, file.getFileName().toString())));
    }

    @Override
    public String id() {
        return name();
    }

    @Override
    public String version() {
        return VERSION;
    }

    @Override
    public String description() {
        return String.valueOf(document.getOrDefault("summary", "a target described in YAML"));
    }
}
