package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.PluginFolder;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** The YAML files beside the plugin jars. */
record YamlPluginFolder(Path folder) implements PluginFolder {

    @Override
    public Map<String, Map<String, Object>> documents() {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(f -> f.getFileName().toString().endsWith(".yaml"))
                    .sorted(Comparator.comparing(f -> f.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
        Map<String, Map<String, Object>> documents = new LinkedHashMap<>();
        files.forEach(f -> documents.put(f.getFileName().toString(), read(f)));
        return documents;
    }

    private static Map<String, Object> read(Path file) {
        try {
            Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
            if (!(root instanceof Map<?, ?> map)) {
                throw new UserException(PluginProblems.YAML_NO_MAP, "must be a map of settings", file.toString());
            }
            Map<String, Object> document = new LinkedHashMap<>();
            map.forEach((k, v) -> document.put(String.valueOf(k), v));
            return document;
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.YAML_UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e);
        } catch (YAMLException e) {
            throw new UserException(
                    PluginProblems.NO_YAML,
                    "is no YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    file.toString(),
                    e);
        }
    }
}
