package dev.detent.host.evaluate;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How long the operators of a model take, by what they do whichever kernel does it.
 *
 * @param millis of one run, by kind of operator
 */
record OperatorTimes(Map<String, Double> millis) {

    /** Kinds of which a person is told. */
    private static final int MOST = 3;

    /** Names of ONNX Runtime's (1.28) kernels, that are not ONNX's own with QLinear before it. */
    private static final Map<String, Set<String>> KINDS = Map.of(
            "conversions between float and codes",
            Set.of("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast"),
            "changes of layout",
            Set.of("ReorderInput", "ReorderOutput", "Transpose"),
            "Conv",
            Set.of("FusedConv", "NhwcFusedConv", "ConvInteger"),
            "products of matrices",
            Set.of(
                    "MatMul",
                    "Gemm",
                    "FusedMatMul",
                    "FusedGemm",
                    "QGemm",
                    "QLinearMatMul",
                    "MatMulInteger",
                    "MatMulIntegerToFloat",
                    "DynamicQuantizeMatMul",
                    "MatMulNBits"));

    /**
     * From ONNX Runtime's profile.
     *
     * @param runs how many runs it tells of
     */
    static OperatorTimes of(String profile, int runs) {
        Map<String, Double> millis = new TreeMap<>();
        for (JsonElement e : JsonParser.parseString(profile).getAsJsonArray()) {
            JsonObject event = e.getAsJsonObject();
            JsonObject args = event.has("args") ? event.getAsJsonObject("args") : new JsonObject();
            if (event.has("dur")
                    && args.has("op_name")
                    && event.get("name").getAsString().endsWith("_kernel_time")) {
                millis.merge(
                        kind(args.get("op_name").getAsString()),
                        event.get("dur").getAsDouble() / 1e3 / runs,
                        Double::sum);
            }
        }
        return new OperatorTimes(millis);
    }

    private static String kind(String kernel) {
        return KINDS.entrySet().stream()
                .filter(k -> k.getValue().contains(kernel))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> kernel.replaceFirst("^(QLinear|Nhwc)", ""));
    }

    /** What takes longer in the quantized model, by the profiles of both; empty where one of them was cut short. */
    static String whatTakesLonger(String floats, String quantized, int runs) {
        try {
            return of(floats, runs).whatTakesLonger(of(quantized, runs));
        } catch (JsonParseException | IllegalStateException e) {
            // ONNX Runtime does not say when the disk was full; the run's results are there and stay good.
            return "";
        }
    }

    /** What takes longer in the other model, the most first. */
    String whatTakesLonger(OperatorTimes other) {
        Set<String> kinds = new TreeSet<>(other.millis().keySet());
        List<String> longer = kinds.stream()
                .filter(k -> other.of(k) > of(k))
                .sorted(Comparator.comparingDouble((String k) -> of(k) - other.of(k)))
                .limit(MOST)
                .toList();
        return longer.stream()
                .map(k -> String.format(Locale.ROOT, "%s %.3g ms (%.3g in float)", k, other.of(k), of(k)))
                .collect(Collectors.joining(", "));
    }

    private double of(String kind) {
        return millis.getOrDefault(kind, 0.0);
    }
}
