package dev.detent.support.export;

import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects what stands in an artefact, by entry. Numbers that no config can have are a UserException that names the
 * entry.
 */
public final class ReadBackParameters {

    private final Map<String, QuantizationParameters> found = new LinkedHashMap<>();

    public void put(String name, float scale, float zeroPoint) {
        put(name, new float[] {scale}, new float[] {zeroPoint});
    }

    /** One number or a list of numbers each; no zero points mean zero. */
    public void put(String name, Object scales, Object zeroPoints) {
        float[] s = floats(name, scales);
        float[] z = floats(name, zeroPoints);
        put(name, s, z.length == 0 ? new float[s.length] : z);
    }

    public void put(String name, float[] scales, float[] zeroPoints) {
        try {
            found.put(name, new QuantizationParameters(scales, zeroPoints));
        } catch (IllegalArgumentException e) {
            throw new UserException("DT-VER-016", "cannot be what the artefact says: " + e.getMessage(), name, e);
        }
    }

    /** One pair of scale and zero point per channel. */
    public void put(String name, List<float[]> channels) {
        float[] scales = new float[channels.size()];
        float[] zeroPoints = new float[channels.size()];
        for (int c = 0; c < scales.length; c++) {
            scales[c] = channels.get(c)[0];
            zeroPoints[c] = channels.get(c)[1];
        }
        put(name, scales, zeroPoints);
    }

    public void put(String name, QuantizationParameters parameters) {
        found.put(name, parameters);
    }

    private static float[] floats(String name, Object numbers) {
        List<?> list = numbers instanceof List<?> l ? l : List.of(numbers);
        float[] f = new float[list.size()];
        for (int i = 0; i < f.length; i++) {
            if (!(list.get(i) instanceof Number n)) {
                throw new UserException(
                        "DT-VER-016", "has '" + list.get(i) + "' where the artefact should have a number", name);
            }
            f[i] = n.floatValue();
        }
        return f;
    }

    /** The name in a JSON string without control characters, as text formats quote it. */
    public static String unquoted(String json) {
        return json.substring(1, json.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\");
    }

    public boolean contains(String name) {
        return found.containsKey(name);
    }

    public void remove(String name) {
        found.remove(name);
    }

    public Map<String, QuantizationParameters> asMap() {
        return Collections.unmodifiableMap(found);
    }
}
