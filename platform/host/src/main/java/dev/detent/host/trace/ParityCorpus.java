package dev.detent.host.trace;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.detent.host.Detent;
import dev.detent.host.artifact.InputPath;
import dev.detent.host.problem.InternalProblems;
import dev.detent.host.problem.TraceProblems;
import dev.detent.host.progress.Progress;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Traces every model of a corpus folder for every {@code ppq:} target, or the variants the folder names, in one
 * process.
 */
public final class ParityCorpus {

    /** One trace to write. {@code tag} is empty for default settings. */
    private record Job(String model, String target, String tag) {
        String file() {
            return model + "." + PpqNames.platform(target) + (tag.isEmpty() ? "" : "." + tag) + ".json";
        }
    }

    private final Detent detent;
    private final Path folder;

    public ParityCorpus(Detent detent, Path folder) {
        this.detent = detent;
        this.folder = folder;
    }

    /**
     * Writes the traces into {@code out}.
     *
     * @param settings file that says which PPQ settings a variant's tag stands for
     * @return what went wrong, by trace file; empty when all were written
     */
    public Map<String, String> trace(Path out, Optional<Path> settings, Progress progress) throws IOException {
        if (!Files.isDirectory(folder.resolve(settings.isPresent() ? "variants" : "models"))) {
            throw new UserException(
                    TraceProblems.NO_CORPUS,
                    "has no folder models (or variants, with --settings); give a corpus",
                    folder.toString());
        }
        InputPath.refuseFolder(
                out,
                Stream.of("models", "calib", "variants")
                        .map(part -> new InputPath("the corpus's " + part, folder.resolve(part)))
                        .toList());
        Map<String, String> tags = new LinkedHashMap<>();
        List<Job> jobs = new ArrayList<>();
        if (settings.isPresent()) {
            JsonObject json =
                    JsonParser.parseString(Files.readString(settings.get())).getAsJsonObject();
            json.entrySet().forEach(e -> tags.put(e.getKey(), e.getValue().getAsString()));
            variants(tags, jobs);
        } else {
            defaults(jobs);
        }
        Files.createDirectories(out);
        Map<String, String> failures = new LinkedHashMap<>();
        Map<String, Graph> formatted = new LinkedHashMap<>();
        int done = 0;
        for (Job j : jobs) {
            try {
                Graph graph = formatted.get(j.model());
                if (graph == null) {
                    graph = Detent.normalized(folder.resolve("models/" + j.model() + ".onnx"));
                    formatted.put(j.model(), graph);
                }
                TraceFile.refuseOther(out.resolve(j.file()));
                TraceFile.write(out.resolve(j.file()), trace(j, graph, tags.getOrDefault(j.tag(), "")));
            } catch (DetentException e) {
                failures.put(j.file(), e.getMessage());
            } catch (RuntimeException e) {
                // One model that Detent stumbles over does not cost the others their traces.
                failures.put(j.file(), InternalProblems.UNEXPECTED.id() + ": " + e);
            }
            progress.at("traces", ++done, jobs.size());
        }
        return failures;
    }

    private String trace(Job job, Graph graph, String settings) {
        QuantizationRecipe usual = detent.recipe(job.target());
        QuantizationRecipe recipe = settings.isEmpty() ? usual : PpqSettings.apply(usual, settings);
        PpqTraceRecorder trace =
                new PpqTraceRecorder(job.model() + ".onnx", job.target(), settings.isEmpty() ? "default" : settings);
        detent.watch(graph, job.target(), recipe, new CorpusSamples(folder, job.model()), trace);
        return trace.json();
    }

    private void defaults(List<Job> jobs) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("models"))) {
            for (Path f : files.sorted().toList()) {
                String name = f.getFileName().toString();
                if (name.endsWith(".onnx")) {
                    detent.registry().targets().stream()
                            .map(Target::id)
                            .filter(t -> t.startsWith("ppq:"))
                            .forEach(t -> jobs.add(new Job(name.substring(0, name.length() - 5), t, "")));
                }
            }
        }
        if (jobs.isEmpty()) {
            throw new UserException(
                    TraceProblems.EMPTY, "holds no models/*.onnx, or no ppq: target is installed", folder.toString());
        }
    }

    private void variants(Map<String, String> tags, List<Job> jobs) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("variants"))) {
            for (Path f : files.sorted().toList()) {
                String[] part = f.getFileName()
                        .toString()
                        .replaceAll("(\\.crash)?\\.json$", "")
                        .split("\\.");
                if (part.length == 3 && tags.containsKey(part[2])) {
                    jobs.add(new Job(part[0], "ppq:" + part[1], part[2]));
                }
            }
        }
    }
}
