package dev.detent.host.record;

import com.google.common.base.Suppliers;
import com.google.gson.JsonElement;
import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.plugin.Registry;
import dev.detent.host.plugin.TargetIds;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.onnx.Branches;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** What {@code detent.json} says about the run that wrote a folder. */
public final class RunDirectory {

    private final Path folder;
    private final JsonFile json;
    private final Supplier<RunRecord> record;

    private RunDirectory(Path folder, JsonFile json) {
        this.folder = folder;
        this.json = json;
        this.record = Suppliers.memoize(() -> json.get(e -> RunRecordCodec.read(e.getAsJsonObject())));
    }

    /** The run that wrote {@code folder}, for one target. */
    public static RunDirectory read(Path folder) {
        return new RunDirectory(folder, JsonFile.read(folder.resolve(OutputNames.RECORD)));
    }

    /** The runs for single targets: the one that wrote {@code folder}, or those in it when it was for several. */
    public static List<RunDirectory> all(Path folder) {
        StagedOutputDirectory.recover(folder);
        RunDirectory run = read(folder);
        List<String> targets = run.json.get(e -> e.getAsJsonObject().has("targets")
                ? e.getAsJsonObject().getAsJsonArray("targets").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList()
                : List.of());
        return targets.isEmpty()
                ? List.of(run)
                : targets.stream()
                        .map(t -> read(folder.resolve(TargetIds.folderOf(t))))
                        .toList();
    }

    /** What the record says. */
    public RunRecord record() {
        return record.get();
    }

    /** What its {@code journal.json} says. */
    public RunJournal journal() {
        return JsonFile.read(folder.resolve(OutputNames.JOURNAL)).get(RunJournal::read);
    }

    /** {@code detent.json} itself, which a run for several targets has in another form. */
    public JsonFile json() {
        return json;
    }

    /** Where its files are. */
    public Path folder() {
        return folder;
    }

    /** SHA-256 of the model file that was quantized. */
    public String modelDigest() {
        return record().model().file().sha256();
    }

    public String target() {
        return record().target().id();
    }

    /** Base name of the files. */
    public String name() {
        return ModelFacts.stem(record().model().file().name());
    }

    /** Its files, for exporters. */
    public DirectoryArtifact files() {
        return new DirectoryArtifact(name(), folder);
    }

    public Preprocessing preprocessing() {
        return Preprocessing.parse(record().calibration().preprocessing());
    }

    public Exporter exporter(Registry registry) {
        String format = record().target().format();
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
        Set<String> missing = new TreeSet<>();
        Set<String> shown = new TreeSet<>();
        Set<String> inBranches = Branches.nodes(graph);
        for (RunRecord.ConfigEntry c : record().result().configs()) {
            if (inBranches.contains(c.slot().node())) {
                continue;
            }
            if (graph.node(c.slot().node()).isEmpty()) {
                missing.add(c.slot().node());
            } else {
                c.root().ifPresent(r -> shown.add(r.node()));
            }
        }
        missing.removeAll(shown);
        return List.copyOf(missing);
    }

    /**
     * The configs of the run on a graph read from its files, for simulation; nodes that the graph lacks are left out.
     *
     * @param instead parameters that take the place of those in {@code detent.json}
     */
    public Quantization quantization(Graph graph, Registry registry, Map<Slot, QuantizationParameters> instead) {
        return RecordedConfigs.on(graph, record().result().configs(), registry, instead);
    }
}
