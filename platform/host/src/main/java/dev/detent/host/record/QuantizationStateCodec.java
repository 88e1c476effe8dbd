package dev.detent.host.record;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.detent.host.plugin.Registry;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.kernel.QuantizationSnapshot;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configs of a finished run as the {@code configs} list of {@code detent.json}, and back. */
final class QuantizationStateCodec {

    private QuantizationStateCodec() {}

    static List<Map<String, Object>> write(QuantizationConfigs configs) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (TensorQuantization c : configs.configs()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("slot", c.slot().toString());
            row.put("value", c.value());
            row.put("state", c.state().name());
            if (!c.isOwnRoot()) {
                row.put("root", c.root().slot().toString());
            } else if (c.qparams().isPresent()) {
                row.put("scheme", scheme(c.scheme()));
                row.put("scale", c.qparams().get().scales());
                row.put("zeroPoint", c.qparams().get().zeroPoints());
            }
            rows.add(row);
        }
        return rows;
    }

    private static Map<String, Object> scheme(Scheme s) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("system", s.system().id());
        m.put("bits", s.bits());
        m.put("quantMin", s.quantMin());
        m.put("quantMax", s.quantMax());
        m.put("symmetric", s.symmetric());
        m.put("axis", s.axis().isPresent() ? s.axis().getAsInt() : null);
        if (s.granularity() instanceof Granularity.PerBlock b) {
            m.put("block", b.size());
        }
        m.put("powerOfTwo", s.powerOfTwo());
        m.put("scaleRule", s.scaleRule().name());
        m.put("rounding", s.rounding().name());
        return m;
    }

    /**
     * Rebuilds the configs on the graph they were written for; the result can be simulated, not moved. Where the node
     * of a root is gone (a format in which saturation does an activation's work), the config in front of it leads with
     * the root's numbers.
     */
    static Quantization read(
            JsonArray rows, Graph graph, Registry registry, Map<Slot, QuantizationParameters> instead) {
        Map<Slot, JsonObject> bySlot = new LinkedHashMap<>();
        rows.forEach(e -> bySlot.put(slot(e.getAsJsonObject().get("slot").getAsString()), e.getAsJsonObject()));
        List<QuantizationSnapshot.Row> read = new ArrayList<>();
        bySlot.forEach((slot, row) -> {
            if (graph.node(slot.node()).isEmpty()) {
                return;
            }
            Slot root = row.has("root") ? slot(row.get("root").getAsString()) : slot;
            JsonObject absorbed = bySlot.get(Slot.input(root.node(), 0));
            JsonObject led = bySlot.get(root);
            boolean leads = row.has("root")
                    && graph.node(root.node()).isEmpty()
                    && !slot.isInput()
                    && absorbed != null
                    && absorbed.get("value").equals(row.get("value"))
                    && led != null
                    && led.has("scheme");
            JsonObject numbers = leads && led != null ? led : row;
            if (numbers.has("scheme")) {
                read.add(new QuantizationSnapshot.Own(
                        slot,
                        state(numbers),
                        scheme(numbers.getAsJsonObject("scheme"), registry),
                        instead.containsKey(slot)
                                ? instead.get(slot)
                                : new QuantizationParameters(
                                        floats(numbers.getAsJsonArray("scale")),
                                        floats(numbers.getAsJsonArray("zeroPoint")))));
            } else if (row.has("root")) {
                read.add(new QuantizationSnapshot.Reading(slot, state(row), root));
            }
        });
        return QuantizationSnapshot.of(graph, read);
    }

    private static QuantizationState state(JsonObject row) {
        return QuantizationState.valueOf(row.get("state").getAsString());
    }

    private static Scheme scheme(JsonObject s, Registry registry) {
        return new Scheme(
                registry.numberSystem(s.get("system").getAsString()),
                new CodeRange(
                        s.get("bits").getAsInt(),
                        s.get("quantMin").getAsLong(),
                        s.get("quantMax").getAsLong()),
                s.get("symmetric").getAsBoolean(),
                granularity(s),
                ScaleRule.valueOf(s.get("scaleRule").getAsString()),
                s.get("powerOfTwo").getAsBoolean(),
                Rounding.valueOf(s.get("rounding").getAsString()));
    }

    private static Granularity granularity(JsonObject s) {
        if (s.get("axis").isJsonNull()) {
            return Granularity.PER_TENSOR;
        }
        int axis = s.get("axis").getAsInt();
        return s.has("block")
                ? new Granularity.PerBlock(axis, s.get("block").getAsInt())
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
