package dev.detent.host.artifact;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.detent.host.problem.OutputProblems;
import dev.detent.report.Json;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What has to be done to put staged results in the place of former ones, written down before the first file is moved.
 * Until it lies there the former result is whole; from then on the new one will be: whoever finds it, this process or
 * the next one after a kill, does what is left. Every step is one rename or one removal and can be done twice.
 *
 * @param put names of the new files
 * @param former SHA-256 of the former files that are replaced or removed; what is not so any more is not ours
 */
record CommitJournal(List<String> put, Map<String, String> former) {

    /** The one that lies in a staging folder. */
    static Optional<CommitJournal> read(Staging staging) throws IOException {
        if (!Files.exists(staging.journal())) {
            return Optional.empty();
        }
        JsonObject json =
                JsonParser.parseString(Files.readString(staging.journal())).getAsJsonObject();
        Map<String, String> former = new TreeMap<>();
        json.getAsJsonObject("former")
                .entrySet()
                .forEach(e -> former.put(e.getKey(), e.getValue().getAsString()));
        return Optional.of(new CommitJournal(
                json.getAsJsonArray("put").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList(),
                former));
    }

    void write(Staging staging) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("put", put);
        json.put("former", former);
        Path draft = staging.folder().resolve("commit.json.draft");
        Files.writeString(draft, Json.pretty(json));
        Files.move(draft, staging.journal(), StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Looks whether everything can be put in place; nothing is changed.
     *
     * @param shown the folder as the person knows it
     * @throws UserException naming a file that is in the way
     */
    void check(Staging staging, Path output, Path shown) {
        for (String name : put) {
            Path to = output.resolve(name);
            if (Files.exists(staging.content().resolve(name))
                    && Files.exists(to, LinkOption.NOFOLLOW_LINKS)
                    && !(former.containsKey(name) && FormerFiles.isUnchanged(to, former.get(name)))) {
                throw new UserException(
                        OutputProblems.IN_THE_WAY,
                        "is in the way of a result and is not Detent's, or was changed while the run went on; move it"
                                + " away and run again",
                        shown.resolve(name).toString());
            }
        }
    }

    /** Moves the new files into the output folder and removes the former ones that have no successor. */
    void redo(Staging staging, Path output, Path shown) {
        try {
            for (String name : put) {
                Path from = staging.content().resolve(name);
                if (Files.exists(from)) {
                    Path to = output.resolve(name);
                    Files.createDirectories(to.getParent());
                    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.PARTLY_PLACED,
                    "holds only a part of the new result: " + Failure.reason(e)
                            + "; when that is mended, any run for this folder or 'detent verify' of it puts the rest in"
                            + " place",
                    shown.toString(),
                    e);
        }
        Map<String, String> stuck = new TreeMap<>();
        former.forEach((name, sha) -> {
            if (!put.contains(name)) {
                removeFormer(output, name, sha).ifPresent(reason -> stuck.put(name, reason));
            }
        });
        try {
            Files.deleteIfExists(staging.journal());
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.REFUSED,
                    "cannot be removed: " + Failure.reason(e),
                    staging.journal().toString(),
                    e);
        }
        stuck.forEach((name, reason) -> {
            throw new UserException(
                    OutputProblems.FORMER_NOT_REMOVED,
                    "is of a former run and could not be removed: " + reason
                            + "; the new result is complete, remove this file yourself",
                    shown.resolve(name).toString());
        });
    }

    /** Why a file could not be removed; empty when it is gone or not ours any more. */
    private static Optional<String> removeFormer(Path output, String name, String sha) {
        Path file = output.resolve(name);
        try {
            if (FormerFiles.isUnchanged(file, sha)) {
                Files.delete(file);
            }
        } catch (IOException e) {
            return Optional.of(Failure.reason(e));
        }
        for (Path above = file.getParent(); above != null && !above.equals(output); above = above.getParent()) {
            try {
                Files.deleteIfExists(above);
            } catch (IOException e) {
                // Other files are in it: they stay.
                return Optional.empty();
            }
        }
        return Optional.empty();
    }
}
