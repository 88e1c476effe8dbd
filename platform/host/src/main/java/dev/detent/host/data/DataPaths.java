package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where data lie, as the user wrote it: one path, or {@code input=path,input=path}. */
sealed interface DataPaths {

    /** A file or folder for all inputs. */
    record One(Path path) implements DataPaths {}

    /** A file or folder for each input, by the input's name, in the order written. */
    record PerInput(Map<String, Path> paths) implements DataPaths {}

    /** A text with {@code =} is one path all the same where a file of that name exists. */
    static DataPaths parse(String text) {
        if (text.isBlank()) {
            throw new UserException(
                    DataProblems.EMPTY_PATH, "data are given as an empty text; name a file or a folder", "");
        }
        if (!text.contains("=")) {
            return new One(path(text, text));
        }
        Path whole = path(text, text);
        if (Files.exists(whole)) {
            return new One(whole);
        }
        Map<String, Path> paths = new LinkedHashMap<>();
        for (String part : text.split(",")) {
            String[] pair = part.split("=", 2);
            if (pair.length != 2 || pair[0].isBlank() || pair[1].isBlank()) {
                throw new UserException(DataProblems.NO_PAIR, "give every input as name=path", text);
            }
            if (paths.put(pair[0].trim(), path(pair[1].trim(), text)) != null) {
                throw new UserException(
                        DataProblems.INPUT_TWICE, "names the input '" + pair[0].trim() + "' twice", text);
            }
        }
        return new PerInput(paths);
    }

    private static Path path(String text, String where) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new UserException(DataProblems.NO_PATH, "is no path: " + e.getReason(), where, e);
        }
    }
}
