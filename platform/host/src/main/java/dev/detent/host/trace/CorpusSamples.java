package dev.detent.host.trace;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.detent.host.problem.TraceProblems;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Calibration data of a parity corpus: {@code calib/<model>.f32}, described by {@code models/<model>.calib.json}. */
final class CorpusSamples implements Samples {

    private record Input(String name, long[] shape, int elements) {}

    private final List<Input> inputs = new ArrayList<>();
    private final int steps;
    private final ByteBuffer data;

    CorpusSamples(Path corpus, String model) {
        try {
            JsonObject description = JsonParser.parseString(
                            Files.readString(corpus.resolve("models/" + model + ".calib.json")))
                    .getAsJsonObject();
            steps = description.get("steps").getAsInt();
            for (JsonElement e : description.getAsJsonArray("inputs")) {
                JsonObject i = e.getAsJsonObject();
                List<JsonElement> dims = i.getAsJsonArray("shape").asList();
                long[] shape = dims.stream().mapToLong(JsonElement::getAsLong).toArray();
                int n = 1;
                for (long d : shape) {
                    n *= (int) d;
                }
                inputs.add(new Input(i.get("name").getAsString(), shape, n));
            }
            byte[] bytes = Files.readAllBytes(corpus.resolve("calib/" + model + ".f32"));
            data = ByteBuffer.allocateDirect(bytes.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(bytes)
                    .flip();
        } catch (IOException e) {
            throw new UserException(
                    TraceProblems.NO_CALIBRATION,
                    "the corpus lacks calibration data for '" + model + "'",
                    corpus.toString(),
                    e);
        }
    }

    @Override
    public int size() {
        return steps;
    }

    @Override
    public Sample get(int index) {
        int perStep = inputs.stream().mapToInt(Input::elements).sum();
        int at = 4 * index * perStep;
        Map<String, Sample.Input> values = new LinkedHashMap<>();
        for (Input i : inputs) {
            values.put(
                    i.name(),
                    new Sample.Input(
                            ElementType.FLOAT,
                            i.shape(),
                            data.slice(at, 4 * i.elements()).order(ByteOrder.LITTLE_ENDIAN)));
            at += 4 * i.elements();
        }
        return new Sample(values);
    }
}
