package dev.detent.host.job;

import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.TuneProblems;
import dev.detent.host.progress.Progress;
import dev.detent.host.search.BoundarySearch;
import dev.detent.host.search.CostModel;
import dev.detent.host.search.Goal;
import dev.detent.host.search.Mix;
import dev.detent.host.search.NodeGroup;
import dev.detent.host.search.SearchSpace;
import dev.detent.host.search.Trial;
import dev.detent.runtime.NodeTimes;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.HostInfo;
import dev.detent.spi.problem.UserException;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Searches for the cheapest mix of widths that holds a goal: measures what every group of nodes costs and brings, walks
 * the frontier of mixes, and quantizes and evaluates a few of them as {@link QuantizeJob} would. Whenever a mix is
 * better than all before, its finished run is put into the output folder, so a search that is ended early leaves the
 * best so far.
 */
public final class TuneJob {

    /** Written beside the files of the run: the mix as a person's rules. */
    public static final String RULES = "rules.yaml";

    /** What a person's command and its goal need of one another. */
    public static final String COMMAND_GOAL =
            "give a command with --metric-command and what it must reach with --min-metric " + MetricCommand.ID
                    + "=VALUE";

    private final Supplier<Registry> plugins;
    private final HostInfo info;

    /**
     * @param plugins asked when the job runs
     * @param info Detent's version, for provenance
     */
    @Inject
    public TuneJob(Supplier<Registry> plugins, HostInfo info) {
        this.plugins = plugins;
        this.info = info;
    }

    /** Runs the search on the caller's thread and the request's workers. */
    public TuneResult run(TuneRequest request, Progress progress, TuneListener listener) {
        QuantizeRequest quantize = request.quantize();
        if (quantize.targets().size() != 1) {
            throw new UserException(TuneProblems.SEVERAL_TARGETS, "takes one target at a time", "--backend");
        }
        if (quantize.evaluation().isEmpty()) {
            throw new UserException(
                    TuneProblems.NOTHING_TO_JUDGE_BY,
                    "a search needs data to judge by: give them with --evaluate",
                    "--evaluate");
        }
        Clock clock = new Clock(System.nanoTime() + request.budget().toNanos());
        PreparedModel model = PreparedModel.prepare(quantize, progress);
        Evaluation evaluation = model.evaluation().orElseThrow();
        Goal goal = request.goal().apply(evaluation.floats());
        if (request.command().isPresent() != goal instanceof Goal.Command) {
            throw new UserException(TuneProblems.COMMAND_GOAL, COMMAND_GOAL, "--metric-command");
        }
        listener.goal(goal);
        TuneMemory memory = TuneMemory.of(quantize.out(), TuneKey.of(info.version(), request, model, goal));
        if (!memory.trials().isEmpty()) {
            listener.resumed(memory.trials().size());
        }
        return new Search(
                        request,
                        model,
                        new MixTrials(plugins.get(), quantize, model, goal, progress),
                        new Writer(info.version(), quantize, model),
                        listener,
                        clock,
                        memory)
                .run();
    }

    /**
     * What time is left. A trial is begun only when the longest so far would fit, and as much again: the last run is
     * evaluated once more, from its files, and its layers are judged.
     */
    private static final class Clock {
        private final long end;
        private long longest;

        Clock(long end) {
            this.end = end;
        }

        boolean isLeft() {
            return System.nanoTime() + 2 * longest < end;
        }

        <T> T timed(Supplier<T> work) {
            long begin = System.nanoTime();
            T done = work.get();
            longest = Math.max(longest, System.nanoTime() - begin);
            return done;
        }
    }

    /** Puts finished runs into the output folder. */
    private record Writer(String version, QuantizeRequest request, PreparedModel model) {

        /** @param measured the files are scored and the layers judged as well, which the last run is worth */
        QuantizeOutcome write(MixTrials.Quantized quantized, String rules, boolean measured) {
            return write(request.out(), quantized, rules, measured);
        }

        QuantizeOutcome write(Path out, MixTrials.Quantized quantized, String rules, boolean measured) {
            List<String> names = new ArrayList<>(OutputNames.OF_EVERY_RUN);
            names.add(RULES);
            try (StagedOutputDirectory folder = StagedOutputDirectory.open(out, InputPlaces.of(request), names)) {
                TargetDirectory own = new TargetDirectory(folder, "");
                own.write(RULES, rules.getBytes(StandardCharsets.UTF_8));
                TargetRun run = new TargetFinisher(
                                version, request, measured ? model : model.unmeasured(), Progress.QUIET)
                        .finish(quantized.target(), quantized.result(), own);
                folder.commit();
                return run.outcome();
            }
        }
    }

    /** One search. */
    private static final class Search {
        private final TuneRequest request;
        private final PreparedModel model;
        private final MixTrials mixes;
        private final Writer writer;
        private final TuneListener listener;
        private final Clock clock;
        private final TuneMemory memory;
        private final List<TuneTrial> trials = new ArrayList<>();
        private final Map<Mix, Trial> known = new HashMap<>();
        private @Nullable TuneTrial best;
        /** None where the best is one that an earlier process made. */
        private MixTrials.@Nullable Quantized bestRun;

        Search(
                TuneRequest request,
                PreparedModel model,
                MixTrials mixes,
                Writer writer,
                TuneListener listener,
                Clock clock,
                TuneMemory memory) {
            this.request = request;
            this.model = model;
            this.mixes = mixes;
            this.writer = writer;
            this.listener = listener;
            this.clock = clock;
            this.memory = memory;
        }

        TuneResult run() {
            SearchSpace nothing = new SearchSpace(List.of(), List.of(), List.of(), List.of());
            Mix none = new Mix(List.of());
            MixTrials.Quantized plain = clock.timed(() -> mixes.quantized(List.of()));
            if (memory.trials().isEmpty()) {
                clock.timed(() -> judged(none, nothing, plain));
            } else {
                remembered(memory.trials().get(0), nothing);
                bestRun = plain;
            }
            Trial first = Objects.requireNonNull(known.get(none));
            SearchSpace space = nothing;
            if (!first.holds()) {
                space = space(plain);
                listener.measured(space);
                SearchSpace sought = space;
                Trial start = new Trial(Mix.plain(space.units()), first.score(), first.damage());
                known.put(start.mix(), start);
                memory.trials().stream().skip(1).forEach(t -> remembered(t, sought));
                new BoundarySearch(space.units(), m -> evaluated(m, sought), clock::isLeft).run(start);
            }
            TuneTrial chosen = Objects.requireNonNull(best);
            MixTrials.Quantized last =
                    bestRun == null ? mixes.quantized(space.rules(chosen.trial().mix())) : bestRun;
            QuantizeOutcome outcome = writer.write(last, text(chosen, space), true);
            return new TuneResult(mixes.goal(), space, chosen, List.copyOf(trials), outcome);
        }

        /** A trial of an earlier process. */
        private void remembered(TuneTrial trial, SearchSpace space) {
            known.put(trial.trial().mix(), trial.trial());
            trials.add(trial);
            listener.tried(trial);
            if (best == null || isBetter(trial, best, space)) {
                best = trial;
                bestRun = null;
            }
        }

        private SearchSpace space(MixTrials.Quantized plain) {
            List<NodeGroup> groups =
                    NodeGroup.of(plain.result().graph(), plain.result().configs());
            if (memory.groups().size() != groups.size()) {
                memory.measured(
                        SearchSpace.measured(plain.result(), groups, model.samples(), model.workers()),
                        request.cost() == CostModel.TIME
                                ? NodeTimes.of(plain.result().floatGraph(), model.samples())
                                : Map.of());
            }
            return SearchSpace.of(
                    groups,
                    memory.groups(),
                    plain.target().plan().target(),
                    plain.result().graph(),
                    request.cost(),
                    memory.milliseconds());
        }

        private Trial evaluated(Mix mix, SearchSpace space) {
            Trial before = known.get(mix);
            return before != null ? before : clock.timed(() -> judged(mix, space, mixes.quantized(space.rules(mix))));
        }

        /** Puts the best so far into the output folder while the search goes on. */
        private void keep(SearchSpace space) {
            writer.write(Objects.requireNonNull(bestRun), text(Objects.requireNonNull(best), space), false);
        }

        private Trial judged(Mix mix, SearchSpace space, MixTrials.Quantized quantized) {
            Goal goal = mixes.goal();
            Evaluation.Scores scores = scores(quantized);
            Trial trial = new Trial(mix, goal.margin(scores), goal.damage(scores));
            known.put(mix, trial);
            TuneTrial told =
                    new TuneTrial(trials.size(), trial, TargetOverview.share(quantized.result(), 8), goal.show(scores));
            trials.add(told);
            listener.tried(told);
            if (best == null || isBetter(told, best, space)) {
                best = told;
                bestRun = quantized;
                // What holds at once is written when the search is over, which is now.
                if (trials.size() > 1 || !told.holds()) {
                    keep(space);
                }
            }
            memory.tried(told);
            return trial;
        }

        /** Those of the evaluation data, and what the person's command says of the files. */
        private Evaluation.Scores scores(MixTrials.Quantized quantized) {
            Evaluation.Scores scores = mixes.scores(quantized);
            return request.command()
                    .map(c -> new Evaluation.Scores(scores.usual(), Map.of(MetricCommand.ID, judged(c, quantized))))
                    .orElse(scores);
        }

        private double judged(MetricCommand command, MixTrials.Quantized quantized) {
            Path scratch;
            try {
                scratch = ScratchFolder.folder("trial");
            } catch (IOException e) {
                throw new UserException(
                        TuneProblems.COMMAND_FAILED,
                        "has no folder to look at: " + e.getMessage(),
                        command.command(),
                        e);
            }
            try {
                Path run = scratch.resolve("run");
                writer.write(run, quantized, "", false);
                return command.judge(run);
            } finally {
                ScratchFolder.remove(scratch);
            }
        }

        /**
         * One that holds the goal beats one that does not; of two that do, the cheaper; of two that do not, the nearer.
         */
        private static boolean isBetter(TuneTrial a, TuneTrial b, SearchSpace space) {
            if (a.holds() != b.holds()) {
                return a.holds();
            }
            return a.holds()
                    ? a.trial().mix().cost(space.units()) < b.trial().mix().cost(space.units())
                    : a.trial().score() > b.trial().score();
        }

        private String text(TuneTrial trial, SearchSpace space) {
            return MixText.rules(trial, space, mixes.goal());
        }
    }
}
