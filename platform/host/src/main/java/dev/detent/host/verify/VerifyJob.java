package dev.detent.host.verify;

import dev.detent.host.data.SampleLoader;
import dev.detent.host.model.ModelFile;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.plugin.Registry;
import dev.detent.host.record.RunDirectory;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.Problem;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Verifies the folder of a finished run, of one target or several, on noise or on real data. */
public final class VerifyJob {

    private final Supplier<Registry> plugins;

    /** @param plugins those that wrote the artifacts */
    @Inject
    public VerifyJob(Supplier<Registry> plugins) {
        this.plugins = plugins;
    }

    /**
     * Real data to compare the layers on.
     *
     * @param model the float model, whose inputs the data are converted to
     * @param data see {@link SampleLoader#open}
     * @param samples at most so many
     */
    public record Data(Path model, String data, int samples) {}

    /**
     * What was found.
     *
     * @param whole what is wrong with the files that belong to all targets of a run for several
     * @param targets one result for each target, in the order of the folder's record
     */
    public record Report(List<Problem> whole, List<ArtifactVerifier.Result> targets) {

        /** The folder is as the run wrote it, and says what the run decided. */
        public boolean isSound() {
            return whole.isEmpty()
                    && targets.stream().allMatch(r -> r.problems().isEmpty());
        }
    }

    /** Without data the layers see noise. */
    public Report run(Path out, Optional<Data> data) {
        List<RunDirectory> runs = RunDirectory.all(out);
        boolean several = runs.stream().noneMatch(r -> r.folder().equals(out));
        List<Problem> whole =
                several ? RecordedFiles.problems(RunDirectory.read(out).json()) : List.of();
        List<ArtifactVerifier.Result> results = new ArrayList<>();
        for (RunDirectory run : runs) {
            Optional<Samples> samples = data.map(
                    real -> SampleLoader.open(widened(real.model()), real.data(), run.preprocessing(), real.samples()));
            results.add(ArtifactVerifier.run(plugins.get(), run, samples));
        }
        return new Report(whole, results);
    }

    /** The model with inputs as the artifact has them: 16-bit floats became 32-bit ones. */
    private static Graph widened(Path model) {
        Graph graph = new ModelFile(model, Optional.empty()).read();
        HalfPrecision.widen(graph, model.toString());
        return graph;
    }
}
