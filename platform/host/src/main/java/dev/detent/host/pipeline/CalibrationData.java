package dev.detent.host.pipeline;

import dev.detent.host.observe.Observations;
import dev.detent.host.observe.Shard;
import dev.detent.runtime.Samples;
import java.util.Optional;

/**
 * What passes learn from.
 *
 * @param samples for passes that run the network; none leaves those out
 * @param looked the samples that statistics of the float network are made from
 * @param shard the part of them that this run looks at
 * @param known statistics that were made before; what they hold is not looked at again
 */
public record CalibrationData(Samples samples, Samples looked, Shard shard, Optional<Observations> known) {

    /** Samples for everything. */
    public static CalibrationData of(Samples samples) {
        return new CalibrationData(samples, samples, Shard.WHOLE, Optional.empty());
    }

    /** Statistics alone, of a part of the samples. */
    public static CalibrationData statistics(Samples looked, Shard shard) {
        return new CalibrationData(Pipeline.NO_SAMPLES, looked, shard, Optional.empty());
    }

    /** Statistics that were made before, and no samples. */
    public static CalibrationData of(Observations known) {
        return new CalibrationData(Pipeline.NO_SAMPLES, Pipeline.NO_SAMPLES, Shard.WHOLE, Optional.of(known));
    }

    /** How many samples the statistics are of, those of all shards. */
    int size() {
        return known.map(o -> o.data().samples()).orElse(looked.size());
    }
}
