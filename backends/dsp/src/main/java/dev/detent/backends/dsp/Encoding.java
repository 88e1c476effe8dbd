package dev.detent.backends.dsp;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One tensor's numbers in Qualcomm's terms: real = (q + offset) scale with unsigned q, so offset = -zero point, and
 * -2^(bits - 1) for signed symmetric codes.
 */
record Encoding(String tensor, Scheme scheme, QuantizationParameters parameters) {

    static Encoding of(String tensor, TensorQuantization c) {
        return new Encoding(tensor, c.scheme(), c.qparams().orElseThrow());
    }

    private long lowest() {
        return scheme.quantMin() < 0 ? -(1L << scheme.bits() - 1) : 0;
    }

    long offset(int channel) {
        return lowest() - (long) parameters.zeroPoint(channel);
    }

    private static float zeroPoint(double offset, Scheme scheme) {
        return (float) ((scheme.quantMin() < 0 ? -(1L << scheme.bits() - 1) : 0) - offset);
    }

    /** Objects of versions up to 0.6.1: one per channel. */
    List<Map<String, Object>> version061() {
        List<Map<String, Object>> channels = new ArrayList<>();
        for (int c = 0; c < parameters.channels(); c++) {
            double scale = parameters.scale(c);
            double zero = parameters.zeroPoint(c);
            channels.add(ordered(
                    "bitwidth",
                    scheme.bits(),
                    "dtype",
                    "int",
                    "is_symmetric",
                    scheme.symmetric() ? "True" : "False",
                    "max",
                    scale * (scheme.quantMax() - zero),
                    "min",
                    scale * (scheme.quantMin() - zero),
                    "offset",
                    offset(c),
                    "scale",
                    scale));
        }
        return channels;
    }

    /** An object of version 1.0.0: arrays. */
    Map<String, Object> version100() {
        List<Object> offsets = new ArrayList<>();
        List<Object> scales = new ArrayList<>();
        for (int c = 0; c < parameters.channels(); c++) {
            offsets.add(offset(c));
            scales.add((double) parameters.scale(c));
        }
        return ordered(
                "name",
                tensor,
                "enc_type",
                parameters.channels() > 1 ? "PER_CHANNEL" : "PER_TENSOR",
                "dtype",
                "INT",
                "bw",
                scheme.bits(),
                "is_sym",
                scheme.symmetric(),
                "offset",
                offsets,
                "scale",
                scales);
    }

    /** The channels of an object of version 0.6.1 or 1.0.0. */
    static List<float[]> read(Object entry, Scheme scheme) {
        List<float[]> channels = new ArrayList<>();
        if (entry instanceof List<?> list) {
            list.forEach(o -> channels.add(pair(((Map<?, ?>) o).get("scale"), ((Map<?, ?>) o).get("offset"), scheme)));
        } else if (entry instanceof Map<?, ?> map) {
            List<?> scales = (List<?>) map.get("scale");
            List<?> offsets = (List<?>) map.get("offset");
            for (int c = 0; c < scales.size(); c++) {
                channels.add(pair(scales.get(c), offsets.get(c), scheme));
            }
        }
        return channels;
    }

    private static float[] pair(Object scale, Object offset, Scheme scheme) {
        return new float[] {((Number) scale).floatValue(), zeroPoint(((Number) offset).doubleValue(), scheme)};
    }

    static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
