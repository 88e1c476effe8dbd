package dev.detent.host.ranges;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.data.DataFile;
import dev.detent.host.problem.RuleProblems;
import dev.detent.host.record.RunRecord;
import dev.detent.host.record.RunRecord.ConfigEntry;
import dev.detent.host.rules.KnownRanges;
import dev.detent.host.rules.KnownRanges.Entry;
import dev.detent.host.rules.KnownRanges.Exact;
import dev.detent.onnx.OnnxReader;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Slot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what {@code --ranges} takes: the folder or {@code detent.json} of a former run, QNN's and AIMET's encodings
 * (0.6.1 and 1.0.0), TensorRT's calibration cache, Detent's own {@code ranges.json} for TensorRT, a Q/DQ model. The
 * content tells which it is, not the name.
 */
public final class RangeFile {

    /** TensorRT's cache has scales of int8 codes up to 127. */
    private static final double TENSORRT_CODES = 127;

    private static final CodeRange INT8 = new CodeRange(8, -128, 127);

    private final Path file;
    private final Map<String, Entry> ranges = new LinkedHashMap<>();

    private RangeFile(Path file) {
        this.file = file;
    }

    /**
     * Reads a file or the folder of a run.
     *
     * @throws UserException when it is none of the kinds, or holds no range
     */
    public static KnownRanges read(Path given) {
        Path file = Files.isDirectory(given) ? given.resolve(OutputNames.RECORD) : given;
        RangeFile reading = new RangeFile(file);
        reading.read();
        if (reading.ranges.isEmpty()) {
            throw reading.wrong("holds no range of any activation", null);
        }
        return new KnownRanges(given.toString(), reading.ranges);
    }

    private void read() {
        if (file.toString().endsWith(".onnx")) {
            qdq(OnnxReader.read(file));
            return;
        }
        String text = text();
        if (text.startsWith("TRT-")) {
            text.lines().skip(1).filter(l -> !l.isBlank()).forEach(this::cacheLine);
            return;
        }
        try {
            JsonObject json = JsonParser.parseString(text).getAsJsonObject();
            if (json.has("configs")) {
                run(RunRecord.read(json));
            } else if (json.has("activation_encodings")) {
                encodings(json.get("activation_encodings"));
            } else if (json.has("act_quant_info")) {
                json.getAsJsonObject("act_quant_info")
                        .entrySet()
                        .forEach(e -> symmetric(e.getKey(), e.getValue().getAsDouble() / TENSORRT_CODES));
            }
        } catch (JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | ClassCastException
                | NullPointerException
                | UnsupportedOperationException
                | IndexOutOfBoundsException e) {
            // All that Gson throws for what is no JSON, absent, or of another type.
            throw wrong("is damaged, or of another kind", e);
        }
    }

    private String text() {
        try {
            return Files.readString(DataFile.regular(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw wrong("cannot be read as text", e);
        }
    }

    /** The configs of {@code detent.json}: those that read another's parameters have its encoding. */
    private void run(RunRecord run) {
        Map<Slot, ConfigEntry> bySlot = new LinkedHashMap<>();
        run.result().configs().forEach(c -> bySlot.put(c.slot(), c));
        bySlot.values()
                .forEach(c -> c.root()
                        .map(r -> Optional.ofNullable(bySlot.get(r)))
                        .orElse(Optional.of(c))
                        .flatMap(ConfigEntry::encoding)
                        .filter(e -> e.parameters().channels() == 1)
                        .ifPresent(e -> put(
                                c.value(),
                                e.scheme().codes(),
                                e.scheme().symmetric(),
                                e.parameters().scale(0),
                                e.parameters().zeroPoint(0))));
    }

    /**
     * Of 0.6.1 an object of lists, of 1.0.0 a list of objects; an offset is the negative zero point of unsigned codes.
     */
    private void encodings(JsonElement activations) {
        if (activations.isJsonObject()) {
            activations.getAsJsonObject().entrySet().forEach(e -> {
                JsonObject first = e.getValue().getAsJsonArray().get(0).getAsJsonObject();
                if (first.has("scale")) {
                    encoding(
                            e.getKey(),
                            first.get("bitwidth").getAsInt(),
                            first.get("scale").getAsFloat(),
                            first.get("offset").getAsFloat());
                } else if (first.has("min")) {
                    ranges.put(
                            e.getKey(),
                            Entry.of(
                                    first.get("min").getAsDouble(),
                                    first.get("max").getAsDouble()));
                }
            });
            return;
        }
        activations.getAsJsonArray().forEach(a -> {
            JsonObject o = a.getAsJsonObject();
            if (o.has("scale")) {
                encoding(
                        o.get("name").getAsString(),
                        o.get("bw").getAsInt(),
                        o.getAsJsonArray("scale").get(0).getAsFloat(),
                        o.getAsJsonArray("offset").get(0).getAsFloat());
            }
        });
    }

    private void encoding(String tensor, int bits, float scale, float offset) {
        put(tensor, new CodeRange(bits, 0, (1L << bits) - 1), false, scale, -offset);
    }

    /** {@code name: 3c010a14}, a big-endian float32; a name may hold colons. */
    private void cacheLine(String line) {
        int colon = line.lastIndexOf(": ");
        if (colon <= 0) {
            throw wrong("has the line '" + line + "', which is not 'tensor: scale in hex'", null);
        }
        try {
            symmetric(
                    line.substring(0, colon),
                    Float.intBitsToFloat(
                            Integer.parseUnsignedInt(line.substring(colon + 2).trim(), 16)));
        } catch (NumberFormatException e) {
            throw wrong("has the line '" + line + "', which is not 'tensor: scale in hex'", e);
        }
    }

    private void symmetric(String tensor, double scale) {
        put(tensor, INT8, true, (float) scale, 0);
    }

    /** Both names of a pair: that of the value in front of it, and that of the value behind it. */
    private void qdq(Graph graph) {
        for (Node q : graph.nodes()) {
            Optional<Tensor> scale = graph.initializer(q.input(1)).filter(s -> s.elementCount() == 1);
            if (!q.opType().equals("QuantizeLinear") || scale.isEmpty()) {
                continue;
            }
            Optional<Tensor> zero = q.hasInput(2) ? graph.initializer(q.input(2)) : Optional.empty();
            ElementType type = zero.map(Tensor::type).orElse(ElementType.UINT8);
            if (!type.isInteger()) {
                continue;
            }
            CodeRange codes = new CodeRange(type.bits(), type.lowest(), type.highest());
            float z = zero.map(t -> t.codes()[0]).orElse(0);
            boolean symmetric = type.lowest() < 0 && z == 0;
            put(q.input(0), codes, symmetric, scale.get().floats()[0], z);
            graph.consumers(q.output(0)).stream()
                    .filter(d -> d.opType().equals("DequantizeLinear"))
                    .forEach(d -> put(d.output(0), codes, symmetric, scale.get().floats()[0], z));
        }
    }

    private void put(String tensor, CodeRange codes, boolean symmetric, float scale, float zeroPoint) {
        if (!(scale > 0) || Float.isInfinite(scale)) {
            throw wrong("gives '" + tensor + "' the scale " + scale + ", which is not positive and finite", null);
        }
        ranges.putIfAbsent(
                tensor,
                new Entry(
                        new Range(
                                (codes.min() - (double) zeroPoint) * scale, (codes.max() - (double) zeroPoint) * scale),
                        Optional.of(new Exact(codes, symmetric, QuantizationParameters.of(scale, zeroPoint)))));
    }

    private UserException wrong(String sentence, @org.jspecify.annotations.Nullable Exception cause) {
        String whole =
                sentence + "; --ranges takes the folder of a run, QNN encodings, a TensorRT calibration cache or a "
                        + "Q/DQ model";
        return cause == null
                ? new UserException(RuleProblems.RANGES, whole, file.toString())
                : new UserException(RuleProblems.RANGES, whole, file.toString(), cause);
    }
}
