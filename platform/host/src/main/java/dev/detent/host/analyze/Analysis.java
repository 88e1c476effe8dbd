package dev.detent.host.analyze;

import java.util.List;

/**
 * What an {@link ErrorAnalysis} found.
 *
 * @param samples how many went into what
 * @param whole of the network as a whole
 * @param layers in network order
 * @param activations in network order
 * @param weights in network order
 * @param tensors what the quantized tensors hold, activations first
 * @param slices parts of outputs that hold several things side by side, the worst first
 */
public record Analysis(
        AnalysisEffort samples,
        Whole whole,
        List<UnitError> layers,
        List<UnitError> activations,
        List<UnitError> weights,
        List<TensorFacts> tensors,
        List<Slice> slices) {

    /**
     * Neighbouring columns of an output.
     *
     * @param from the first
     * @param to behind the last
     * @param snr of these alone, in dB
     * @param shift mean of the differences over the standard deviation of the float values
     */
    public record Slice(String output, int from, int to, double snr, double shift) {

        /** As people read it. */
        public String name() {
            return output + (to == from + 1 ? ", column " + from : ", columns " + from + " to " + (to - 1));
        }
    }

    /**
     * @param quantized everything
     * @param weightsOnly with float activations
     * @param activationsOnly with float weights
     */
    public record Whole(
            OutputErrors.Score quantized, OutputErrors.Score weightsOnly, OutputErrors.Score activationsOnly) {}

    /**
     * @param alone the outputs when only this is quantized
     * @param gain in dB: what the quantized network may be expected to gain with this unit in float, see
     *     {@link OutputErrors.Scores#gains}
     */
    public record UnitError(Unit unit, OutputErrors.Score alone, double gain) {}

    /**
     * A unit's part of the errors that all of its kind make, each alone. Where one of them gives values that are not
     * finite, it is all of it, and of each such the whole.
     */
    public static double share(UnitError one, List<UnitError> all) {
        double sum = all.stream().mapToDouble(u -> u.alone().ratio()).sum();
        if (Double.isInfinite(sum)) {
            return Double.isInfinite(one.alone().ratio()) ? 1 : 0;
        }
        return sum == 0 ? 0 : one.alone().ratio() / sum;
    }
}
