package dev.detent.host.artifact;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.problem.OutputProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The files of the runs that wrote a folder before: those that their records list and that are still as they were
 * written. Nothing else in the folder is Detent's.
 *
 * @param digests SHA-256 by name relative to the folder
 */
record FormerFiles(Map<String, String> digests) {

    static final FormerFiles NONE = new FormerFiles(Map.of());

    /**
     * What is Detent's in a folder.
     *
     * @param shown the folder as the person gave it, for messages
     * @param names that the coming run writes: a target's folder whose record is ours may be one that an earlier run
     *     for several targets left alone
     * @throws UserException when the folder holds other people's files and no record of ours, a record that is not ours
     *     or was damaged, or a file of ours that somebody has changed
     */
    static FormerFiles in(Path folder, Path shown, List<String> names) {
        if (!Files.exists(folder.resolve(OutputNames.RECORD), LinkOption.NOFOLLOW_LINKS)) {
            refuseOthers(folder, shown);
            return NONE;
        }
        Map<String, String> digests = new TreeMap<>();
        JsonObject record = collect(folder, "", shown, digests);
        Set<String> own = new TreeSet<>();
        if (record.has("targets")) {
            record.getAsJsonArray("targets").forEach(t -> own.add(TargetIds.folderOf(t.getAsString()) + "/"));
        }
        names.stream()
                .filter(n -> n.endsWith("/" + OutputNames.RECORD))
                .forEach(n -> own.add(n.substring(0, n.length() - OutputNames.RECORD.length())));
        for (String prefix : own) {
            if (Files.exists(folder.resolve(prefix + OutputNames.RECORD), LinkOption.NOFOLLOW_LINKS)) {
                collect(folder, prefix, shown, digests);
            }
        }
        digests.forEach((name, sha) -> {
            Path file = folder.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isUnchanged(file, sha)) {
                throw new UserException(
                        OutputProblems.CHANGED,
                        "was changed since Detent wrote it and would be lost; move it away or give another folder with --out",
                        shown.resolve(name).toString());
            }
        });
        digests.keySet().removeIf(name -> !Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS));
        return new FormerFiles(digests);
    }

    private static void refuseOthers(Path folder, Path shown) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            if (files.anyMatch(f -> !f.getFileName().toString().equals(FolderLock.name(folder)))) {
                throw new UserException(
                        OutputProblems.NOT_OURS,
                        "is a folder with other files in it; give a new one with --out",
                        shown.toString());
            }
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.REFUSED, "cannot be read: " + Failure.reason(e), shown.toString(), e);
        }
    }

    /** Adds what one record lists, and the record itself. */
    private static JsonObject collect(Path folder, String prefix, Path shown, Map<String, String> digests) {
        Path place = folder.resolve(prefix + OutputNames.RECORD);
        UserException foreign = new UserException(
                OutputProblems.NOT_OURS,
                "is not as Detent wrote it (or another Detent or somebody else did), so nothing in its folder is"
                        + " replaced; move it away or give another folder with --out",
                shown.resolve(prefix + OutputNames.RECORD).toString());
        try {
            if (!Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS) || !RecordSeal.holds(place)) {
                throw foreign;
            }
            JsonObject record = listing(place);
            for (FileDigest file : FileDigest.listed(record)) {
                String name = file.name();
                if (!Path.of(name).normalize().equals(Path.of(name))
                        || Path.of(name).startsWith("..")) {
                    throw foreign;
                }
                digests.put(prefix + name, file.sha256());
            }
            digests.put(prefix + OutputNames.RECORD, Sha256.of(place));
            return record;
        } catch (IOException
                | JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException e) {
            throw new UserException(foreign.problems(), e);
        }
    }

    /** Of a record, which may be larger than what Java may take, the members that say whose files these are. */
    private static JsonObject listing(Path record) throws IOException {
        JsonObject listing = new JsonObject();
        try (JsonReader json = new JsonReader(Files.newBufferedReader(record))) {
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals("files") || name.equals("targets")) {
                    listing.add(name, JsonParser.parseReader(json));
                } else {
                    json.skipValue();
                }
            }
        }
        return listing;
    }

    static boolean isUnchanged(Path file, String sha256) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.isReadable(file)
                && Sha256.of(file).equals(sha256);
    }

    /**
     * Refuses names that something which is not Detent's has.
     *
     * @throws UserException naming the first that is in the way
     */
    void refuseInTheWay(Path folder, Path shown, List<String> names) {
        for (String name : names) {
            Path file = folder.resolve(name);
            boolean taken = Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !digests.containsKey(name);
            for (Path above = file.getParent();
                    !taken && above != null && !above.equals(folder);
                    above = above.getParent()) {
                taken = Files.exists(above, LinkOption.NOFOLLOW_LINKS)
                        && !Files.isDirectory(above, LinkOption.NOFOLLOW_LINKS);
            }
            if (taken) {
                throw new UserException(
                        OutputProblems.IN_THE_WAY,
                        "is in the way: the run writes a file of this name and did not write that one; move it away or"
                                + " give another folder with --out",
                        shown.resolve(name).toString());
            }
        }
    }
}
