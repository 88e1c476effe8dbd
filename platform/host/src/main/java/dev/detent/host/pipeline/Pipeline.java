package dev.detent.host.pipeline;

import dev.detent.host.observe.Observations;
import dev.detent.host.observe.SampleRanges;
import dev.detent.host.plan.Step;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.RuleHits;
import dev.detent.kernel.Journal;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the plans of one or several targets on one model and one set of samples. The runs advance side by side, each to
 * the next pass that wants to see data; then one look serves all of them. A run for one target is a run for several
 * with one in the list. Serves one call of {@link #run} on one thread.
 */
public final class Pipeline {

    /** For plans that need no data. */
    public static final Samples NO_SAMPLES = new Samples() {
        @Override
        public int size() {
            return 0;
        }

        @Override
        public Sample get(int index) {
            throw new NoSuchElementException("there are no samples");
        }
    };

    /** A target's plan and who listens to its run. */
    public record Task(TargetPlan target, PipelineListener listener) {}

    /**
     * The graph at three moments, and what lies in its branches.
     *
     * @param finished as the plan left it
     * @param placed when nodes were placed, before anything was quantized; it computes what the model computes
     * @param unrounded when weights got their scales: the values that were rounded afterwards, in the channels' scales
     *     that equalization left. The finished graph where no weight is quantized
     * @param branches those that were quantized; the finished graph has them in their places
     */
    public record Graphs(Graph finished, Graph placed, Graph unrounded, List<Branch> branches) {}

    /**
     * A branch of If, Loop or Scan that was quantized as a model of its own.
     *
     * @param node the If, Loop or Scan
     * @param attribute which of its branches
     */
    public record Branch(String node, String attribute, Result result) {}

    /**
     * What one target's plan led to.
     *
     * @param placements by node name
     * @param steps what was done, in order
     * @param ranges how far values reach in each sample, by name, where this run has looked at all samples
     */
    public record Result(
            Graphs graphs,
            QuantizationConfigs configs,
            Journal journal,
            List<Problem> problems,
            Map<String, Placement> placements,
            List<DoneStep> steps,
            SortedMap<String, SampleRanges> ranges) {

        /** As the plan left it. */
        public Graph graph() {
            return graphs.finished();
        }

        /** This and the results of all branches, those in branches included. */
        public Stream<Result> whole() {
            return Stream.concat(
                    Stream.of(this),
                    graphs.branches().stream().flatMap(b -> b.result().whole()));
        }

        /** Before anything was quantized. */
        public Graph floatGraph() {
            return graphs.placed();
        }
    }

    /** What became of one target's plan: a result or a failure. */
    public record Attempt(@Nullable Result done, @Nullable RuntimeException failure) {

        /**
         * The result.
         *
         * @throws RuntimeException what the plan failed with
         */
        public Result result() {
            if (failure != null) {
                throw failure;
            }
            return Objects.requireNonNull(done);
        }
    }

    /**
     * A step that was run.
     *
     * @param firstEntry its first entry in the journal
     * @param entries how many entries it made
     * @param hits what a person's rules hit, when it applied them
     * @param idle a pass that neither changed the graph or a config nor said anything
     */
    public record DoneStep(Step step, int firstEntry, int entries, List<RuleHits> hits, boolean idle) {}

    private final Supplier<Graph> normalized;
    private final CalibrationData data;
    private final int workers;
    private final Progress progress;
    private int graphsObserved;

    /** Calibrates on samples. */
    public Pipeline(Supplier<Graph> normalized, Samples samples, int workers, Progress progress) {
        this(normalized, CalibrationData.of(samples), workers, progress);
    }

    /**
     * @param normalized hands out copies of the normalized model, one for each target
     * @param workers samples run side by side
     */
    public Pipeline(Supplier<Graph> normalized, CalibrationData data, int workers, Progress progress) {
        this.normalized = normalized;
        this.data = data;
        this.workers = workers;
        this.progress = progress;
    }

    /** Runs every target's plan to its end, or to where it fails; the outcomes are in the order of the tasks. */
    public List<Attempt> run(List<Task> tasks) {
        return run(tasks, seen -> {});
    }

    /** @param seen is shown what was seen of float networks, by their digests, as far as it can be kept in a file */
    public List<Attempt> run(
            List<Task> tasks,
            Consumer<Supplier<SortedMap<String, SortedMap<Observations.Key, Observations.Kept>>>> seen) {
        try (FloatObservations floats = new FloatObservations(data, workers)) {
            CalibrationSimulator.Setting setting =
                    new CalibrationSimulator.Setting(data.samples(), workers, progress, floats);
            List<PlanRun> runs =
                    tasks.stream().map(t -> new PlanRun(t, normalized, setting)).toList();
            List<FloatObservations.Request> requests = advance(runs);
            while (!requests.isEmpty()) {
                floats.look(requests, progress);
                requests = advance(runs);
            }
            graphsObserved = floats.graphsOfFirstLook();
            seen.accept(floats::kept);
            return runs.stream().map(PlanRun::attempt).toList();
        }
    }

    /** Runs one target's plan. */
    public Result run(TargetPlan target) {
        return run(List.of(new Task(target, PipelineListener.NONE))).get(0).result();
    }

    /** Number of different float graphs among the targets, which is the number of first passes over the data. */
    public int graphsObserved() {
        return graphsObserved;
    }

    private static List<FloatObservations.Request> advance(List<PlanRun> runs) {
        List<FloatObservations.Request> requests = new ArrayList<>();
        runs.forEach(r -> r.advance().ifPresent(requests::add));
        return requests;
    }
}
