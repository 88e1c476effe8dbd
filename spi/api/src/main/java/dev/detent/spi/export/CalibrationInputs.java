package dev.detent.spi.export;

import dev.detent.spi.Experimental;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the run made the model's inputs from pictures, for toolchains that do it once more: per channel, (x * scale -
 * mean) / std.
 *
 * @param order of the channels that the model takes
 * @param mean one for all channels, or one for each in the model's order
 * @param std likewise
 * @param pictures by input: the calibration's picture files as the person named their folder; none where calibration
 *     came from arrays
 */
@Experimental(since = "1.0")
public record CalibrationInputs(
        Order order, float scale, List<Float> mean, List<Float> std, Map<String, List<String>> pictures) {

    /** Which colour is channel 0. */
    public enum Order {
        /** Red. */
        RGB,
        /** Blue. */
        BGR
    }

    /** Pixels as they are, and no pictures. */
    public static final CalibrationInputs NONE =
            new CalibrationInputs(Order.RGB, 1, List.of(0f), List.of(1f), Map.of());

    /** Copies the collections. */
    public CalibrationInputs {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        pictures = Collections.unmodifiableMap(new LinkedHashMap<>(pictures));
    }

    /** Of a channel. */
    public float mean(int channel) {
        return mean.get(Math.min(channel, mean.size() - 1));
    }

    /** Of a channel. */
    public float std(int channel) {
        return std.get(Math.min(channel, std.size() - 1));
    }
}
