package dev.detent.host;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.plugin.Registry;
import dev.detent.spi.export.Artefact;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What {@code detent.json} says about the run that wrote a folder. */
public final class FinishedRun {

    private final Path folder;
    private final JsonObject json;

    private FinishedRun(Path folder, JsonObject json) {
        this.folder = folder;
        this.json = json;
    }

    /** The run that wrote {@code folder}. */
    public static FinishedRun read(Path folder) {
        Path file = folder.resolve(OutputFolder.MARK);
        try {
            return new FinishedRun(folder, JsonParser.parseString(Files.readString(file)).getAsJsonObject());
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new UserException("DT-EVA-001", "cannot be read; give the output folder of 'detent quantize'", file.toString(), e);
        }
    }

    /** The folders of single targets: {@code folder} itself, or those in it when the run was for several. */
    public static List<Path> folders(Path folder) {
        FinishedRun run = read(folder);
        if (!run.json.has("targets")) {
            return List.of(folder);
        }
        List<Path> folders = new ArrayList<>();
        run.json.getAsJsonArray("targets").forEach(t -> folders.add(folder.resolve(t.getAsString().replace(':', '.'))));
        return folders;
    }

    public String target() {
        return json.get("target").getAsString();
    }

    /** Base name of the files. */
    public String name() {
        return Detent.stem(json.getAsJsonObject("model").get("file").getAsString());
    }

    /** Its files, for exporters. */
    public Artefact files(Path out) {
        return new ArtefactFiles(name(), out);
    }

    public Preprocessing preprocessing() {
        return Preprocessing.parse(json.getAsJsonObject("calibration").get("preprocessing").getAsString());
    }

    /** What every layer made of noise in the run's own simulation; empty when the model's shapes are only known at run time. */
    public Map<Slot, Fingerprints> fingerprints() {
        Map<Slot, Fingerprints> prints = new LinkedHashMap<>();
        json.getAsJsonObject("fingerprints").entrySet().forEach(e -> prints.put(ConfigJson.slot(e.getKey()), new Fingerprints(
                e.getValue().getAsJsonArray().get(0).getAsDouble(), e.getValue().getAsJsonArray().get(1).getAsDouble())));
        return prints;
    }

    public Exporter exporter(Registry registry) {
        String format = json.get("format").getAsString();
        return registry.target(target()).exporters().stream().filter(e -> e.id().equals(format)).findFirst().orElseThrow(() -> new UserException(
                "DT-EVA-005", "was written as '" + format + "', which target '" + target() + "' does not write with the plugins installed here",
                folder.toString()));
    }

    /**
     * Nodes that hold configs and that {@code graph} lacks.
     *
     * @param absorbed a node may be gone when one that is there shows its numbers
     */
    public List<String> missingNodes(Graph graph, boolean absorbed) {
        TreeSet<String> missing = new TreeSet<>();
        Set<String> shown = new TreeSet<>();
        for (JsonElement e : json.getAsJsonArray("configs")) {
            String node = ConfigJson.slot(e.getAsJsonObject().get("slot").getAsString()).node();
            if (graph.node(node).isEmpty()) {
                missing.add(node);
            } else if (e.getAsJsonObject().has("root")) {
                shown.add(ConfigJson.slot(e.getAsJsonObject().get("root").getAsString()).node());
            }
        }
        if (absorbed) {
            missing.removeAll(shown);
        }
        return List.copyOf(missing);
    }

    /**
     * The configs of the run on a graph read from its files, for simulation; nodes that the graph lacks are left out.
     *
     * @param instead parameters that take the place of those in {@code detent.json}
     */
    public Quantization quantization(Graph graph, Registry registry, Map<Slot, Parameters> instead) {
        return ConfigJson.read(json.getAsJsonArray("configs"), graph, registry, instead);
    }
}
