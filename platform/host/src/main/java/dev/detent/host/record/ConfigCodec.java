package dev.detent.host.record;

import com.google.gson.JsonArray;
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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A config as an object of the {@code configs} list of {@code detent.json}, and back. */
final class ConfigCodec {

    private ConfigCodec() {}

    static Map<String, Object> write(ConfigEntry c) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("slot", c.slot().toString());
        json.put("value", c.value());
        json.put("state", c.state().name());
        c.root().ifPresent(r -> json.put("root", r.toString()));
        c.encoding().ifPresent(e -> {
            json.put("scheme", scheme(e.scheme()));
            json.put("scale", e.parameters().scales());
            json.put("zeroPoint", e.parameters().zeroPoints());
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
                                new QuantizationParameters(
                                        floats(json.getAsJsonArray("scale")),
                                        floats(json.getAsJsonArray("zeroPoint")))))
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

    private static float[] floats(JsonArray a) {
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
