package dev.detent.backends.nnie;

import dev.detent.spi.export.CalibrationInputs;
import java.util.ArrayList;
import java.util.List;

/**
 * What the mapper does to a pixel, (x - mean) * scale with one scale for all channels, and what is left for the
 * network: a factor for each channel.
 *
 * @param means in pixels, 0 to 255, one for each channel in the model's order
 * @param scale the largest of the channels' scales
 * @param left the factor of each channel that goes into the first layer, at most 1
 */
record PixelScaling(List<Float> means, float scale, List<Float> left) {

    /** With scale s, mean m and deviation d of the preprocessing: (x s - m) / d = (x - m / s) (s / d). */
    static PixelScaling of(CalibrationInputs calibration, int channels) {
        List<Float> means = new ArrayList<>();
        List<Float> scales = new ArrayList<>();
        float largest = 0;
        for (int c = 0; c < channels; c++) {
            means.add(calibration.mean(c) / calibration.scale());
            scales.add(calibration.scale() / calibration.std(c));
            largest = Math.max(largest, scales.get(c));
        }
        float common = largest;
        return new PixelScaling(
                means, common, scales.stream().map(s -> s / common).toList());
    }

    boolean isUneven() {
        return left.stream().anyMatch(f -> f != 1);
    }

    /** The mapper's norm_type: 0 nothing, 2 means of channels, 3 scale, 5 both (HiSVP guide, table of the cfg). */
    int normType() {
        boolean centred = means.stream().anyMatch(m -> m != 0);
        boolean scaled = scale != 1;
        return centred ? scaled ? 5 : 2 : scaled ? 3 : 0;
    }
}
