package dev.detent.host.settings;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.plugin.YamlDocument;
import dev.detent.host.problem.SettingsProblems;
import dev.detent.host.rules.RuleReader;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The options of {@code detent quantize} in a YAML file, under the names they have on the command line. {@code set} is
 * a map or a list:
 *
 * <pre>
 * backend: [tensorrt, openvino]
 * calibration: images/
 * preset: {preset: imagenet, resize: 232}
 * set:
 *   calibration: {method: percentile}
 *   alignment.concat: large
 *   bias-correction: off
 * rules:
 *   - {match: {type: Softmax}, keep: float}
 * </pre>
 */
public final class SettingsFile {

    public static final SettingsFile NONE = new SettingsFile("", Map.of());

    private final String where;
    private final Map<String, Object> values;

    private SettingsFile(String where, Map<String, Object> values) {
        this.where = where;
        this.values = values;
    }

    /** @param known names of the options */
    public static SettingsFile read(Path file, List<String> known) {
        try {
            Map<String, Object> values = new LinkedHashMap<>();
            YamlDocument.read(file).orElse(Map.of()).forEach((k, v) -> {
                if (!known.contains(k)) {
                    throw new UserException(
                            SettingsProblems.UNKNOWN_KEY,
                            "has the unknown key '" + k + "'" + DidYouMean.among(k, known) + "; known are " + known,
                            file.toString());
                }
                if (v != null) {
                    values.put(k, v);
                }
            });
            return values.isEmpty() ? NONE : new SettingsFile(file.toString(), values);
        } catch (IOException e) {
            throw new UserException(
                    SettingsProblems.UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e);
        } catch (YamlDocument.Malformed e) {
            throw new UserException(SettingsProblems.NO_YAML, e.sentence(), file.toString(), e);
        }
    }

    /** A text; of a list its members with commas between them. */
    public Optional<String> text(String key) {
        return Optional.ofNullable(values.get(key)).map(v -> {
            if (v instanceof Map<?, ?>) {
                throw new UserException(SettingsProblems.NO_TEXT, "'" + key + "' must be a text, not a map", where);
            }
            return plain(v);
        });
    }

    public Optional<Path> path(String key) {
        return text(key).map(Path::of);
    }

    /** How many of something: 1 or more, as on the command line. */
    public Optional<Integer> count(String key) {
        return text(key).map(t -> {
            if (!t.matches("[1-9]\\d{0,8}")) {
                throw new UserException(
                        SettingsProblems.NO_COUNT,
                        "'" + key + "' must be a whole number of 1 or more, not '" + t + "'",
                        where);
            }
            return Integer.valueOf(t);
        });
    }

    /** {@code preset} or {@code preprocess}: a text as on the command line, or a map. */
    public Optional<Preprocessing> preprocessing() {
        return Optional.ofNullable(values.getOrDefault("preset", values.get("preprocess")))
                .map(v -> {
                    if (v instanceof Map<?, ?> map) {
                        Map<String, String> parts = new LinkedHashMap<>();
                        map.forEach((k, part) -> parts.put(String.valueOf(k), plain(part, " ")));
                        return Preprocessing.of(parts);
                    }
                    return Preprocessing.parse(plain(v));
                });
    }

    /** What {@code set} changes about a target's profile. */
    public Settings settings() {
        Settings settings = Settings.NONE.with(
                values.containsKey("rules") ? RuleReader.list(values.get("rules"), where) : List.of());
        Object set = values.getOrDefault("set", List.of());
        if (set instanceof List<?> assignments) {
            for (Object a : assignments) {
                settings = settings.with(String.valueOf(a));
            }
            return settings;
        }
        if (!(set instanceof Map<?, ?> map)) {
            throw new UserException(
                    SettingsProblems.SET_FORM,
                    "'set' must be a map (pass: {option: value}, pass: off) or a list (pass.option=value)",
                    where);
        }
        for (Map.Entry<?, ?> e : map.entrySet()) {
            String name = String.valueOf(e.getKey());
            if (e.getValue() instanceof Map<?, ?> options) {
                for (Map.Entry<?, ?> o : options.entrySet()) {
                    settings = settings.with(name + "." + o.getKey() + "=" + plain(o.getValue()));
                }
            } else if (!name.contains(".") && e.getValue() instanceof Boolean on) {
                // YAML reads on and off as true and false.
                settings = settings.with(name + (on ? "=on" : "=off"));
            } else {
                settings = settings.with(name + "=" + plain(e.getValue()));
            }
        }
        return settings;
    }

    private static String plain(Object value) {
        return plain(value, ",");
    }

    private static String plain(Object value, String between) {
        return value instanceof List<?> l
                ? l.stream().map(String::valueOf).collect(Collectors.joining(between))
                : String.valueOf(value);
    }
}
