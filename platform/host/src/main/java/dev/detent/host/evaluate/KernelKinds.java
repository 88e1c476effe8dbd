package dev.detent.host.evaluate;

import dev.detent.runtime.KernelProfile;
import java.util.Comparator;
import java.util.LinkedHashMap;
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
record KernelKinds(Map<String, Double> millis) {

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
     * The median of a node's runs counts for all of them: one in which the machine did something else, or the first,
     * which touches the weights, made a kernel of microseconds look like the one to blame.
     */
    static KernelKinds of(KernelProfile profile) {
        Map<List<String>, List<Long>> nodes = profile.events().stream()
                .collect(Collectors.groupingBy(
                        e -> List.of(e.node(), e.kernel()),
                        LinkedHashMap::new,
                        Collectors.mapping(KernelProfile.Event::micros, Collectors.toList())));
        Map<String, Double> millis = new TreeMap<>();
        nodes.forEach((node, micros) ->
                millis.merge(kind(node.get(1)), median(micros) / 1e3 * micros.size() / profile.runs(), Double::sum));
        return new KernelKinds(millis);
    }

    private static double median(List<Long> micros) {
        return micros.stream().sorted().toList().get((micros.size() - 1) / 2);
    }

    private static String kind(String kernel) {
        return KINDS.entrySet().stream()
                .filter(k -> k.getValue().contains(kernel))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> kernel.replaceFirst("^(QLinear|Nhwc)", ""));
    }

    /** What takes longer in the other model, the most first. */
    String whatTakesLonger(KernelKinds other) {
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
