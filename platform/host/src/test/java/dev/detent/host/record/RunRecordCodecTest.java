package dev.detent.host.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.detent.host.artifact.FileDigest;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.Probe;
import dev.detent.report.Json;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Slot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is read is what was written, byte for byte when it is written again. */
class RunRecordCodecTest {

    private static final Slot IN = Slot.input("a:b", 0);
    private static final Slot OUT = Slot.output("a:b", 0);

    private static RunRecord.ConfigEntry own(Slot slot, Granularity granularity, QuantizationParameters q) {
        return new RunRecord.ConfigEntry(
                slot,
                "x",
                QuantizationState.ACTIVATED,
                Optional.empty(),
                Optional.of(new RunRecord.Encoding(
                        new RunRecord.SchemeEntry(
                                "linear",
                                new CodeRange(8, -128, 127),
                                false,
                                granularity,
                                true,
                                ScaleRule.SPAN,
                                Rounding.HALF_EVEN),
                        q)));
    }

    private static final RunRecord RECORD = new RunRecord(
            "1.2",
            new RunRecord.ModelEntry(new FileDigest("m.prototxt", "00"), Optional.of(new FileDigest("m.bin", "11"))),
            new RunRecord.TargetEntry("chip", "qdq", "vendor 1"),
            new RunRecord.CalibrationEntry(Optional.of(new FileDigest("images", "22")), 8, "scale=1"),
            new RunRecord.PlanEntry(
                    "islands",
                    List.of(new RunRecord.StepEntry("calibration", "stock 1", Map.of("method", "mse", "rate", 0.1)))),
            new RunRecord.ModelResult(
                    List.of(
                            own(IN, Granularity.PER_TENSOR, QuantizationParameters.of(0.1f, 3)),
                            own(
                                    Slot.input("a:b", 1),
                                    new Granularity.PerBlock(1, 32),
                                    new QuantizationParameters(new float[] {1e-9f, 2}, new float[] {0, -1})),
                            new RunRecord.ConfigEntry(
                                    OUT, "y", QuantizationState.OVERLAPPED, Optional.of(IN), Optional.empty())),
                    Map.of(OUT, new LayerFingerprint(1.5, -2.25)),
                    new Probe(Map.of(
                            "axes",
                            new Probe.Input(ElementType.INT64, new long[] {1}, new byte[] {1, 0, 0, 0, 0, 0, 0, 0}))),
                    Map.of("n", new RunRecord.FloatNode("Softmax", List.of("p"), "the rules keep it float"))),
            new RunRecord.Outcome(
                    List.of("a note"),
                    Map.of(
                            "simulated",
                            new RunRecord.ScoreEntry(
                                    4,
                                    Optional.of(0.5),
                                    1,
                                    Double.POSITIVE_INFINITY,
                                    Map.of("p", Double.NEGATIVE_INFINITY))),
                    List.of(new FileDigest("m.onnx", "33"))));

    private static String text(RunRecord r) {
        return Json.pretty(RunRecordCodec.write(r));
    }

    private static RunRecord read(String text) {
        return RunRecord.read(JsonParser.parseString(text).getAsJsonObject());
    }

    @Test
    void whatIsReadIsWhatWasWritten() {
        RunRecord read = read(text(RECORD));
        assertThat(text(read)).isEqualTo(text(RECORD));
        assertThat(read.model()).isEqualTo(RECORD.model());
        assertThat(read.calibration()).isEqualTo(RECORD.calibration());
        assertThat(read.result().configs()).isEqualTo(RECORD.result().configs());
        assertThat(read.result().fingerprints()).isEqualTo(RECORD.result().fingerprints());
        assertThat(read.result().floats()).isEqualTo(RECORD.result().floats());
        assertThat(read.outcome()).isEqualTo(RECORD.outcome());
    }

    @Test
    void infiniteRatiosAreWrittenInWords() {
        assertThat(text(RECORD)).contains("\"snr\": \"exact\"").contains("\"p\": \"-inf dB\"");
    }

    @Test
    void aMemberOfAnotherTypeIsRefusedInASentence() {
        for (String member : List.of("model", "calibration", "plan", "configs", "fingerprints", "scores")) {
            JsonObject json = JsonParser.parseString(text(RECORD)).getAsJsonObject();
            json.addProperty(member, 7);
            assertThatThrownBy(() -> new JsonFile(Path.of("detent.json"), json)
                            .get(e -> RunRecord.read(e.getAsJsonObject()).result()))
                    .as(member)
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("detent.json");
        }
    }

    /** Found by fuzzing: it was an exception when the network was simulated. */
    @Test
    void aSchemeThatNoneCanBeIsRefusedInASentence() {
        String text =
                text(RECORD).replaceAll("(\"symmetric\":\\s*)false", "$1true").replace("-128", "7");
        assertThat(text).isNotEqualTo(text(RECORD));
        JsonObject json = JsonParser.parseString(text).getAsJsonObject();
        assertThatThrownBy(() -> new JsonFile(Path.of("detent.json"), json)
                        .get(e -> RunRecord.read(e.getAsJsonObject()).result()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("detent.json");
    }

    /** A list of the scales of a large matrix's blocks would be longer than the matrix. */
    @Test
    void moreNumbersThanAnybodyReadsAreShort() {
        float[] scales = new float[ConfigCodec.READABLE + 3];
        float[] zeros = new float[scales.length];
        float[] same = new float[scales.length];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = (i + 1) / 3f;
            zeros[i] = i % 16;
            same[i] = 8;
        }
        for (float[] z : List.of(zeros, same)) {
            QuantizationParameters q = new QuantizationParameters(scales, z);
            String text = Json.compact(ConfigCodec.write(own(IN, new Granularity.PerBlock(1, 32), q)));
            assertThat(text).hasSizeLessThan(12 * scales.length);
            assertThat(ConfigCodec.read(JsonParser.parseString(text).getAsJsonObject())
                            .encoding()
                            .orElseThrow()
                            .parameters())
                    .isEqualTo(q);
        }
    }
}
