package dev.detent.backends.dsp;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.JsonValue;
import dev.detent.support.export.SideFileCodec;
import java.util.ArrayList;
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

    private static long lowest(Scheme scheme) {
        return scheme.quantMin() < 0 ? -(1L << scheme.bits() - 1) : 0;
    }

    long offset(int channel) {
        return lowest(scheme) - (long) parameters.zeroPoint(channel);
    }

    /** Objects of versions up to 0.6.1: one per channel. */
    List<Map<String, Object>> version061() {
        List<Map<String, Object>> channels = new ArrayList<>();
        for (int c = 0; c < parameters.channels(); c++) {
            double scale = parameters.scale(c);
            double zero = parameters.zeroPoint(c);
            channels.add(JsonValue.object(
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
        return JsonValue.object(
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

    /** The channels of version 0.6.1's list. */
    static List<float[]> read061(JsonValue list, Scheme scheme) {
        List<float[]> channels = new ArrayList<>();
        list.elements()
                .forEach(e -> channels.add(
                        pair((float) e.get("scale").number(), e.get("offset").number(), scheme)));
        return channels;
    }

    /** The channels of version 1.0.0's arrays. */
    static List<float[]> read100(JsonValue encoding, Scheme scheme) {
        float[] scales = encoding.get("scale").floats();
        List<JsonValue> offsets = encoding.get("offset").elements();
        List<float[]> channels = new ArrayList<>();
        for (int c = 0; c < scales.length; c++) {
            if (c >= offsets.size()) {
                throw SideFileCodec.damaged(
                        encoding.file(), encoding.path(), "has " + scales.length + " scales, but fewer offsets");
            }
            channels.add(pair(scales[c], offsets.get(c).number(), scheme));
        }
        return channels;
    }

    private static float[] pair(float scale, double offset, Scheme scheme) {
        return new float[] {scale, (float) (lowest(scheme) - offset)};
    }
}
