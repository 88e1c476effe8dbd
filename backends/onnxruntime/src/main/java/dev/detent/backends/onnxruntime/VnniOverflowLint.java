package dev.detent.backends.onnxruntime;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A proof per layer that its integer sums do not saturate on x64 CPUs without VNNI: two weights a, b of one sign that
 * are added first (see {@link SummedWeights}) overflow 16 bits with large activations when 255 (|a| + |b|) is above
 * 32,767. {@link PairwiseSumObserver} keeps them below; what tunes weights afterwards may not. Depthwise convolutions
 * have a kernel of their own that sums in 32 bits.
 */
final class VnniOverflowLint {

    private static final int LIMIT = Short.MAX_VALUE / 255;

    private VnniOverflowLint() {}

    static List<Problem> check(QuantizedModel model) {
        Graph graph = model.graph();
        return graph.nodes().parallelStream()
                .filter(n -> OperatorTable.is(n, Trait.WEIGHTED)
                        && !OnnxRuntime.isDepthwise(n, graph)
                        && model.quantization()
                                .input(n, 0)
                                .filter(c -> c.scheme().quantMin() == 0)
                                .isPresent())
                .flatMap(n -> model
                        .quantization()
                        .input(n, 1)
                        .filter(c -> c.state().isWritten()
                                && graph.isInitializer(c.value())
                                && c.scheme().isPerChannel())
                        .flatMap(c -> check(n, graph, c))
                        .stream())
                .toList();
    }

    private static Optional<Problem> check(Node n, Graph graph, TensorQuantization c) {
        Tensor t = graph.initializer(c.value()).orElseThrow();
        QuantizationParameters p = c.qparams().orElseThrow();
        float[][] rows = SummedWeights.of(t.floats(), t.dims(), c.scheme()).rows();
        long pairs = 0;
        long saturating = 0;
        for (int o = 0; o < rows.length; o++) {
            float scale = p.scale(o);
            for (int k = 0; k + 1 < rows[o].length; k += 2) {
                pairs++;
                saturating +=
                        SummedWeights.pair(Math.round(rows[o][k] / scale), Math.round(rows[o][k + 1] / scale)) > LIMIT
                                ? 1
                                : 0;
            }
        }
        return saturating == 0
                ? Optional.empty()
                : Optional.of(Problem.note(
                        OnnxRuntimeProblems.SUMS_OVERFLOW,
                        String.format(
                                Locale.ROOT,
                                "has %.1f %% of neighbouring "
                                        + "weights whose products with large activations overflow 16 bits on x64 CPUs without VNNI",
                                100.0 * saturating / pairs),
                        n.name()));
    }
}
