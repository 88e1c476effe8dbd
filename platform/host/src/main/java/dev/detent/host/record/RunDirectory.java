package dev.detent.host.record;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.Probe;
import dev.detent.host.plugin.Registry;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** What {@code detent.json} says about the run that wrote a folder. */
public final class RunDirectory {

    private final Path folder;
    private final JsonFile json;

    private RunDirectory(Path folder) {
        this.folder = folder;
        this.json = JsonFile.read(folder.resolve(OutputNames.RECORD));
    }

    /** The run that wrote {@code folder}, for one target. */
    public static RunDirectory read(Path folder) {
        return new RunDirectory(folder);
    }

    /** The runs for single targets: the one that wrote {@code folder}, or those in it when it was for several. */
    public static List<RunDirectory> all(Path folder) {
        StagedOutputDirectory.recover(folder);
        RunDirectory run = read(folder);
        List<String> targets = run.get(o -> o.has("targets")
                ? o.getAsJsonArray("targets").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList()
                : List.of());
        return targets.isEmpty()
                ? List.of(run)
                : targets.stream()
                        .map(t -> read(folder.resolve(TargetIds.folderOf(t))))
                        .toList();
    }

    private <T> T get(Function<JsonObject, T> part) {
        return json.get(e -> part.apply(e.getAsJsonObject()));
    }

    /** {@code detent.json} itself. */
    public JsonFile json() {
        return json;
    }

    /** Where its files are. */
    public Path folder() {
        return folder;
    }

    /** SHA-256 of the model file that was quantized. */
    public String modelDigest() {
        return get(o -> o.getAsJsonObject("model").get("sha256").getAsString());
    }

    public String target() {
        return get(o -> o.get("target").getAsString());
    }

    /** Base name of the files. */
    public String name() {
        return get(o -> ModelFacts.stem(o.getAsJsonObject("model").get("file").getAsString()));
    }

    /** Its files, for exporters. */
    public DirectoryArtifact files() {
        return new DirectoryArtifact(name(), folder);
    }

    public Preprocessing preprocessing() {
        return Preprocessing.parse(
                get(o -> o.getAsJsonObject("calibration").get("preprocessing").getAsString()));
    }

    /** What every layer made of noise in the run's own simulation; empty when it cannot be run on noise. */
    public Map<Slot, LayerFingerprint> fingerprints() {
        return get(o -> {
            Map<Slot, LayerFingerprint> prints = new LinkedHashMap<>();
            o.getAsJsonObject("fingerprints")
                    .entrySet()
                    .forEach(e -> prints.put(
                            QuantizationStateCodec.slot(e.getKey()),
                            new LayerFingerprint(
                                    e.getValue().getAsJsonArray().get(0).getAsDouble(),
                                    e.getValue().getAsJsonArray().get(1).getAsDouble())));
            return prints;
        });
    }

    /** What the network was fed for {@link #fingerprints}. */
    public Probe probe() {
        return get(o -> {
            Map<String, Probe.Input> inputs = new TreeMap<>();
            if (o.has("probe")) {
                o.getAsJsonObject("probe").entrySet().forEach(e -> {
                    JsonObject in = e.getValue().getAsJsonObject();
                    inputs.put(
                            e.getKey(),
                            new Probe.Input(
                                    ElementType.valueOf(in.get("type").getAsString()),
                                    in.getAsJsonArray("shape").asList().stream()
                                            .mapToLong(JsonElement::getAsLong)
                                            .toArray(),
                                    Base64.getDecoder().decode(in.get("values").getAsString())));
                });
            }
            return new Probe(inputs);
        });
    }

    public Exporter exporter(Registry registry) {
        String format = get(o -> o.get("format").getAsString());
        return registry.target(target()).exporters().stream()
                .filter(e -> e.id().equals(format))
                .findFirst()
                .orElseThrow(() -> new UserException(
                        EvaluationProblems.UNKNOWN_FORMAT,
                        "was written as '" + format + "', which target '" + target()
                                + "' does not write with the plugins installed here",
                        folder.toString()));
    }

    /**
     * Nodes that hold configs and that {@code graph} lacks. A node may be gone when one that is there shows its
     * numbers, as an activation may whose work the saturation of codes does; whether the rest computes the same, the
     * layers say.
     */
    public List<String> missingNodes(Graph graph) {
        return get(o -> {
            TreeSet<String> missing = new TreeSet<>();
            Set<String> shown = new TreeSet<>();
            for (JsonElement e : o.getAsJsonArray("configs")) {
                String node = QuantizationStateCodec.slot(
                                e.getAsJsonObject().get("slot").getAsString())
                        .node();
                if (graph.node(node).isEmpty()) {
                    missing.add(node);
                } else if (e.getAsJsonObject().has("root")) {
                    shown.add(QuantizationStateCodec.slot(
                                    e.getAsJsonObject().get("root").getAsString())
                            .node());
                }
            }
            missing.removeAll(shown);
            return List.copyOf(missing);
        });
    }

    /**
     * The configs of the run on a graph read from its files, for simulation; nodes that the graph lacks are left out.
     *
     * @param instead parameters that take the place of those in {@code detent.json}
     */
    public Quantization quantization(Graph graph, Registry registry, Map<Slot, QuantizationParameters> instead) {
        return get(o -> QuantizationStateCodec.read(o.getAsJsonArray("configs"), graph, registry, instead));
    }
}
