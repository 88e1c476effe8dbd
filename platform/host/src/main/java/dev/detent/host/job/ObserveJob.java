package dev.detent.host.job;

import dev.detent.host.observe.Observations;
import dev.detent.host.observe.PartFiles;
import dev.detent.host.observe.Shard;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.spi.HostInfo;
import jakarta.inject.Inject;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Looks at calibration data once, for runs that will have none: goes through the plans of all targets, without what
 * runs the quantized network, and keeps what their passes have seen. On the caller's thread and the request's workers.
 */
public final class ObserveJob {

    private final Supplier<Registry> plugins;
    private final HostInfo info;

    /**
     * @param plugins asked when the job runs
     * @param info Detent's version: parts that another one kept are not gone on with
     */
    @Inject
    public ObserveJob(Supplier<Registry> plugins, HostInfo info) {
        this.plugins = plugins;
        this.info = info;
    }

    /**
     * Looks at all samples or at one shard of them.
     *
     * @throws RuntimeException that of the first target when none is served, or of one that was named
     */
    public ObserveResult run(ObserveRequest request, Progress progress) {
        ObservationPlan plan = ObservationPlan.of(request.run(), plugins.get());
        return plan.observe(request.shard(), PreparedModel.prepare(request.run(), progress), progress);
    }

    /**
     * Looks at one shard after the other and keeps each beside the file that is to be written, so that the same request
     * goes on where it was ended. The result is that of one look at everything, byte for byte; {@link PartFiles#clear}
     * is for whoever has written it.
     *
     * @throws RuntimeException as {@link #run}
     */
    public ObserveResult runInParts(ObserveInParts request, Progress progress) {
        ObservationPlan plan = ObservationPlan.of(request.run(), plugins.get());
        PreparedModel model = PreparedModel.prepare(request.run(), progress);
        PartFiles files = PartFiles.beside(request.written(), RequestKey.of(info.version(), request.run(), model));
        SortedMap<String, Observations> all = new TreeMap<>();
        int parts = request.parts();
        for (int i = 1; i < parts; i++) {
            Shard shard = new Shard(i, parts);
            Observations part = files.read(shard).orElseGet(() -> {
                Observations seen =
                        plan.observe(shard, model, within(shard, progress)).observations();
                files.write(shard, seen);
                return seen;
            });
            all.put(shard.toString(), part);
        }
        // Only a look tells which targets are served, so the last part is never kept.
        Shard last = new Shard(parts, parts);
        ObserveResult result = plan.observe(last, model, within(last, progress));
        all.put(last.toString(), result.observations());
        return new ObserveResult(Observations.merge(all), result.targets(), result.problems());
    }

    private static Progress within(Shard shard, Progress progress) {
        String part = "part " + shard.index() + " of " + shard.count() + ": ";
        return (what, done, total) -> progress.at(part + what, done, total);
    }
}
