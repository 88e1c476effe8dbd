package dev.detent.host.record;

import com.google.gson.JsonObject;
import dev.detent.host.artifact.FileDigest;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.Probe;
import dev.detent.report.Json;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Slot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code detent.json} holds: from what a run was made, by which plan, and what came of it. {@link RunRecordCodec}
 * writes and reads it; nobody else knows the file's members.
 *
 * @param version Detent's
 */
public record RunRecord(
        String version,
        ModelEntry model,
        TargetEntry target,
        CalibrationEntry calibration,
        PlanEntry plan,
        ModelResult result,
        Outcome outcome) {

    /**
     * Reads a {@code detent.json} of one target.
     *
     * @throws RuntimeException one of those of Gson's tree when a member is absent or of another type; see
     *     {@link JsonFile#get}
     */
    public static RunRecord read(JsonObject json) {
        return RunRecordCodec.read(json);
    }

    /** @param weights the file of weights of a model in two files */
    public record ModelEntry(FileDigest file, Optional<FileDigest> weights) {}

    /** @param plugin id and version of the plugin that the target comes from */
    public record TargetEntry(String id, String format, String plugin) {}

    /** @param data the folder or file by its last name; empty when a run had none */
    public record CalibrationEntry(Optional<FileDigest> data, int samples, String preprocessing) {}

    /** The steps in order. */
    public record PlanEntry(String dispatcher, List<StepEntry> steps) {}

    /** One step and what was set for it. */
    public record StepEntry(String id, String plugin, Map<String, Object> options) {}

    /**
     * @param configs in the order of the graph
     * @param fingerprints what every layer made of the probe in the run's own simulation; empty when it cannot be run
     * @param floats nodes that stayed float, by name
     */
    public record ModelResult(
            List<ConfigEntry> configs,
            Map<Slot, LayerFingerprint> fingerprints,
            Probe probe,
            Map<String, FloatNode> floats) {}

    /**
     * One slot.
     *
     * @param value name of the tensor
     * @param root the slot whose encoding it reads; empty for one with an encoding of its own
     */
    public record ConfigEntry(
            Slot slot, String value, QuantizationState state, Optional<Slot> root, Optional<Encoding> encoding) {}

    /** A scheme and its numbers. */
    public record Encoding(SchemeEntry scheme, QuantizationParameters parameters) {

        /** For people: {@code 8 bit [-128, 127] per tensor, scale [0.1], zero point [3]}. */
        public String words() {
            CodeRange codes = scheme.codes();
            OptionalInt axis = scheme.granularity().axis();
            return codes.bits() + " bit [" + codes.min() + ", " + codes.max() + "]"
                    + (axis.isPresent() ? " per channel " + axis.getAsInt() : " per tensor") + ", scale "
                    + shortened(parameters.scales()) + ", zero point " + shortened(parameters.zeroPoints());
        }

        private static String shortened(float[] values) {
            return values.length <= 4
                    ? Json.compact(values)
                    : Json.number(values[0]) + ", " + Json.number(values[1]) + ", … (" + values.length + ")";
        }
    }

    /** @param system id of the number system, which may be a plugin's */
    public record SchemeEntry(
            String system,
            CodeRange codes,
            boolean symmetric,
            Granularity granularity,
            boolean powerOfTwo,
            ScaleRule scaleRule,
            Rounding rounding) {

        /** What {@link dev.detent.spi.quant.Scheme} refuses is no record of one, and is told when it is read. */
        public SchemeEntry {
            if (symmetric && (codes.min() > 0 || codes.max() < 0)) {
                throw new IllegalArgumentException("a symmetric scheme without code 0");
            }
        }
    }

    /** @param why in a sentence */
    public record FloatNode(String type, List<String> outputs, String why) {}

    /**
     * @param problems in words
     * @param scores by model: float, simulated, exported
     * @param files that the run wrote beside the record
     */
    public record Outcome(List<String> problems, Map<String, ScoreEntry> scores, List<FileDigest> files) {}

    /**
     * @param top1 share of right labels
     * @param agreement share of samples whose largest output is the float model's
     * @param snr of all outputs, in decibels; infinite where they are equal
     * @param outputs the same for single outputs, when there are several
     */
    public record ScoreEntry(
            int samples, Optional<Double> top1, double agreement, double snr, Map<String, Double> outputs) {}
}
