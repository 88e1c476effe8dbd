package dev.detent.host.record;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.host.record.RunRecord.ConfigEntry;
import dev.detent.host.record.RunRecord.Encoding;
import dev.detent.host.record.RunRecord.SchemeEntry;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Slot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A config as an object of the {@code configs} list of {@code detent.json}, and back. */
final class ConfigCodec {

    /** Scales of the blocks of a 1536 x 1365 matrix; a list of them is eight times as long as their bytes. */
    static final int READABLE = 1 << 16;

    private ConfigCodec() {}

    static Map<String, Object> write(ConfigEntry c) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("slot", c.slot().toString());
        json.put("value", c.value());
        json.put("state", c.state().name());
        c.root().ifPresent(r -> json.put("root", r.toString()));
        c.encoding().ifPresent(e -> {
            json.put("scheme", scheme(e.scheme()));
            json.put("scale", numbers(e.parameters().scales()));
            json.put("zeroPoint", numbers(once(e.parameters().zeroPoints())));
        });
        return json;
    }

    private static Map<String, Object> scheme(SchemeEntry s) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("system", s.system());
        json.put("bits", s.codes().bits());
        json.put("quantMin", s.codes().min());
        json.put("quantMax", s.codes().max());
        json.put("symmetric", s.symmetric());
        json.put(
                "axis",
                s.granularity().axis().isPresent() ? s.granularity().axis().getAsInt() : null);
        if (s.granularity() instanceof Granularity.PerBlock b) {
            json.put("block", b.size());
        }
        json.put("powerOfTwo", s.powerOfTwo());
        json.put("scaleRule", s.scaleRule().name());
        json.put("rounding", s.rounding().name());
        return json;
    }

    static ConfigEntry read(JsonObject json) {
        return new ConfigEntry(
                slot(json.get("slot").getAsString()),
                json.get("value").getAsString(),
                QuantizationState.valueOf(json.get("state").getAsString()),
                json.has("root") ? Optional.of(slot(json.get("root").getAsString())) : Optional.empty(),
                json.has("scheme")
                        ? Optional.of(new Encoding(
                                readScheme(json.getAsJsonObject("scheme")),
                                parameters(floats(json.get("scale")), floats(json.get("zeroPoint")))))
                        : Optional.empty());
    }

    private static SchemeEntry readScheme(JsonObject json) {
        return new SchemeEntry(
                json.get("system").getAsString(),
                new CodeRange(
                        json.get("bits").getAsInt(),
                        json.get("quantMin").getAsLong(),
                        json.get("quantMax").getAsLong()),
                json.get("symmetric").getAsBoolean(),
                granularity(json),
                json.get("powerOfTwo").getAsBoolean(),
                ScaleRule.valueOf(json.get("scaleRule").getAsString()),
                Rounding.valueOf(json.get("rounding").getAsString()));
    }

    private static Granularity granularity(JsonObject json) {
        if (json.get("axis").isJsonNull()) {
            return Granularity.PER_TENSOR;
        }
        int axis = json.get("axis").getAsInt();
        return json.has("block")
                ? new Granularity.PerBlock(axis, json.get("block").getAsInt())
                : new Granularity.PerChannel(axis);
    }

    /** A list that people can read, or, of more numbers than anybody reads, their bytes in base 64. */
    private static Object numbers(float[] values) {
        if (values.length <= READABLE) {
            return values;
        }
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /** Very many zero points are usually one: it stands for all. */
    private static float[] once(float[] values) {
        if (values.length <= READABLE) {
            return values;
        }
        for (float v : values) {
            if (v != values[0]) {
                return values;
            }
        }
        return new float[] {values[0]};
    }

    private static QuantizationParameters parameters(float[] scales, float[] zeroPoints) {
        if (zeroPoints.length != 1 || scales.length <= READABLE) {
            return new QuantizationParameters(scales, zeroPoints);
        }
        float[] all = new float[scales.length];
        Arrays.fill(all, zeroPoints[0]);
        return new QuantizationParameters(scales, all);
    }

    private static float[] floats(JsonElement json) {
        if (json.isJsonPrimitive()) {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(json.getAsString()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            float[] f = new float[bytes.remaining() / Float.BYTES];
            bytes.asFloatBuffer().get(f);
            return f;
        }
        JsonArray a = json.getAsJsonArray();
        float[] f = new float[a.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = a.get(i).getAsFloat();
        }
        return f;
    }

    /** Split from the right: a node's name may hold colons. */
    static Slot slot(String text) {
        int last = text.lastIndexOf(':');
        int middle = text.lastIndexOf(':', last - 1);
        int index = Integer.parseInt(text.substring(last + 1));
        return text.substring(middle + 1, last).equals("in")
                ? Slot.input(text.substring(0, middle), index)
                : Slot.output(text.substring(0, middle), index);
    }
}
