package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code plugins.lock}: one line {@code id version sha256} for every jar that may load. */
public final class PluginLock {

    public static final String FILE = "plugins.lock";

    private PluginLock() {}

    /** Problems of jars that are not listed or differ from what is listed. */
    static List<Problem> check(Path folder, List<PluginJar> jars) {
        Path lock = folder.resolve(FILE);
        if (!Files.exists(lock)) {
            return jars.isEmpty()
                    ? List.of()
                    : List.of(Problem.error(
                            PluginProblems.NO_LOCK,
                            "is missing, so no plugin may load; write it with 'detent plugins lock', or use --allow-unlisted",
                            lock.toString()));
        }
        Map<String, String> listed = new TreeMap<>();
        try {
            for (String line : Files.readAllLines(lock)) {
                String[] part = line.trim().split("\\s+");
                if (part.length == 3 && !line.startsWith("#")) {
                    listed.put(part[0], part[1] + " " + part[2]);
                }
            }
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.LOCK_UNREADABLE, "cannot be read: " + e.getMessage(), lock.toString(), e);
        }
        List<Problem> problems = new ArrayList<>();
        for (PluginJar jar : jars) {
            String expected = listed.get(jar.id());
            if (expected == null) {
                problems.add(Problem.error(
                        PluginProblems.NOT_LISTED,
                        "plugin '" + jar.id() + "' is not in " + FILE
                                + "; add it with 'detent plugins lock', or use --allow-unlisted",
                        jar.file().getFileName().toString()));
            } else if (!expected.equals(jar.version() + " " + jar.sha256())) {
                problems.add(Problem.error(
                        PluginProblems.CHANGED,
                        "plugin '" + jar.id() + "' is not the jar that " + FILE + " lists; it was changed or replaced",
                        jar.file().getFileName().toString()));
            }
        }
        return problems;
    }

    public static String render(List<PluginJar> jars) {
        return jars.stream()
                .map(j -> j.id() + " " + j.version() + " " + j.sha256() + "\n")
                .sorted()
                .collect(Collectors.joining());
    }
}
