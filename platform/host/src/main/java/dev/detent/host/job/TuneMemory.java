package dev.detent.host.job;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.artifact.AtomicFile;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.problem.TuneProblems;
import dev.detent.host.search.Mix;
import dev.detent.host.search.Sensitivity;
import dev.detent.host.search.Trial;
import dev.detent.report.Json;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a search has measured so far, beside its best run: the same search goes on from it when it was ended, by a
 * person, by its budget or by a loss of power.
 */
final class TuneMemory {

    private final Path file;
    private final String search;
    private List<Sensitivity> groups = List.of();
    private Map<String, Double> milliseconds = Map.of();
    private final List<TuneTrial> trials = new ArrayList<>();

    private TuneMemory(Path file, String search) {
        this.file = file;
        this.search = search;
    }

    /**
     * What a folder remembers of a search; nothing when it holds another search's, or something else.
     *
     * @param search tells searches apart: whatever changes what a trial gives
     */
    static TuneMemory of(Path folder, String search) {
        TuneMemory memory = new TuneMemory(folder.resolve(OutputNames.TUNE), search);
        try {
            if (Files.isRegularFile(memory.file) && Files.exists(folder.resolve(OutputNames.RECORD))) {
                String text = Files.readString(memory.file);
                if (RecordSeal.holds(text)) {
                    memory.read(JsonParser.parseString(text).getAsJsonObject());
                }
            }
        } catch (IOException
                | JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException
                | NumberFormatException
                | UnsupportedOperationException e) {
            // Somebody else's file, or an edited one: the search begins anew.
            return new TuneMemory(memory.file, search);
        }
        return memory;
    }

    private void read(JsonObject json) {
        if (!json.get("search").getAsString().equals(search)) {
            return;
        }
        List<Sensitivity> measured = new ArrayList<>();
        for (JsonElement e : json.getAsJsonArray("groups")) {
            JsonArray of = e.getAsJsonArray();
            measured.add(new Sensitivity(
                    of.get(0).getAsDouble(), of.get(1).getAsDouble(), of.get(2).getAsDouble()));
        }
        Map<String, Double> timed = new TreeMap<>();
        json.getAsJsonObject("milliseconds")
                .entrySet()
                .forEach(e -> timed.put(e.getKey(), e.getValue().getAsDouble()));
        List<TuneTrial> tried = new ArrayList<>();
        for (JsonElement e : json.getAsJsonArray("trials")) {
            JsonObject of = e.getAsJsonObject();
            Mix mix = new Mix(of.getAsJsonArray("mix").asList().stream()
                    .map(JsonElement::getAsInt)
                    .toList());
            tried.add(new TuneTrial(
                    tried.size(),
                    new Trial(
                            mix, of.get("score").getAsDouble(), of.get("damage").getAsDouble()),
                    of.get("in8Bits").getAsDouble(),
                    of.get("shown").getAsString()));
        }
        groups = measured;
        milliseconds = timed;
        trials.addAll(tried);
    }

    /** What each group is worth; empty before that was measured. */
    List<Sensitivity> groups() {
        return groups;
    }

    /** The trials so far, the plain one first. */
    List<TuneTrial> trials() {
        return List.copyOf(trials);
    }

    /** What each node takes in float, where that was measured. */
    Map<String, Double> milliseconds() {
        return milliseconds;
    }

    void measured(List<Sensitivity> found, Map<String, Double> timed) {
        groups = List.copyOf(found);
        milliseconds = new TreeMap<>(timed);
        save();
    }

    void tried(TuneTrial trial) {
        trials.add(trial);
        save();
    }

    /** Where no run lies there is nothing to go on with. */
    private void save() {
        if (!Files.exists(file.resolveSibling(OutputNames.RECORD))) {
            return;
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("search", search);
        json.put(
                "groups",
                groups.stream()
                        .map(s -> List.of(s.alone(), s.weightsAlone(), s.gain()))
                        .toList());
        json.put("milliseconds", milliseconds);
        json.put("trials", trials.stream().map(TuneMemory::row).toList());
        try {
            String text = RecordSeal.seal(Json.pretty(RecordSeal.unsealed(json)));
            AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UserException(
                    TuneProblems.MEMORY_NOT_WRITTEN, "cannot be written: " + e.getMessage(), file.toString(), e);
        }
    }

    private static Map<String, Object> row(TuneTrial t) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("mix", t.trial().mix().chosen());
        row.put("score", t.trial().score());
        row.put("damage", t.trial().damage());
        row.put("in8Bits", t.in8Bits());
        row.put("shown", t.shown());
        return row;
    }
}
