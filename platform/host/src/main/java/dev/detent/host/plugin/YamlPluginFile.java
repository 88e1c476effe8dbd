package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
            String sha256 = PluginFile.sha256(file);
            if (!where.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
                return refused(
                        file, sha256, PluginProblems.ID_FORM, "must have a name of letters, digits and . _ - only");
            }
            Optional<Map<String, Object>> document = YamlDocument.read(file);
            return document.isEmpty()
                    ? refused(file, sha256, PluginProblems.NO_YAML, "must be a map of settings")
                    : new YamlPluginFile(file, document.get(), sha256, List.of());
        } catch (IOException e) {
            return refused(file, "", PluginProblems.YAML_UNREADABLE, "cannot be read: " + e.getMessage());
        } catch (YamlDocument.Malformed e) {
            return refused(file, "", PluginProblems.NO_YAML, e.sentence());
        }
    }

    private static YamlPluginFile refused(Path file, String sha256, ProblemType type, String sentence) {
        return new YamlPluginFile(
                file,
                Map.of(),
                sha256,
                List.of(Problem.error(type, sentence, file.getFileName().toString())));
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
