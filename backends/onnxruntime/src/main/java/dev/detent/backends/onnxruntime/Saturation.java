package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.Operators;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A proof per layer that its integer sums do not saturate on x64 CPUs without VNNI. Their kernels (vpmaddubsw) add two products of an
 * unsigned activation and a signed weight in 16 bits; two weights a, b of one sign with 255 (|a| + |b|) above 32,767 may overflow, weights
 * of at most 64 cannot (ONNX Runtime, "Quantize ONNX models", reduce_range).
 */
final class Saturation {

    private static final int LIMIT = Short.MAX_VALUE / 255;

    private Saturation() {}

    static List<Problem> check(QuantizedModel model) {
        Graph graph = model.graph();
        return graph.nodes().parallelStream()
                .filter(n -> n.isOneOf(Operators.WEIGHTED) && model.quantization().input(n, 0).filter(c -> c.scheme().quantMin() == 0).isPresent())
                .flatMap(n -> model.quantization().input(n, 1).filter(c -> c.state().isWritten() && graph.isInitializer(c.value()))
                        .flatMap(c -> check(n, graph, c)).stream())
                .toList();
    }

    private static Optional<Problem> check(Node n, Graph graph, TensorQuantization c) {
        Tensor t = graph.initializer(c.value()).orElseThrow();
        Parameters p = c.parameters().orElseThrow();
        float[] w = t.floats();
        int stride = c.scheme().isPerChannel() ? c.scheme().channelStride(t.dims()) : w.length;
        // Neighbours along the axis that is summed: a weight's own row, or its column where output channels come last.
        int step = c.scheme().isPerChannel() && c.scheme().axis().getAsInt() == t.rank() - 1 ? (int) t.dim(-1) : 1;
        long pairs = 0;
        long saturating = 0;
        for (int i = 0; i + step < w.length; i++) {
            int channel = i / stride % p.channels();
            int a = Math.round(w[i] / p.scale(channel));
            int b = Math.round(w[i + step] / p.scale(channel));
            pairs++;
            saturating += Math.max(a, 0) + Math.max(b, 0) > LIMIT || Math.min(a, 0) + Math.min(b, 0) < -LIMIT ? 1 : 0;
        }
        return saturating == 0 ? Optional.empty() : Optional.of(Problem.note("DT-ORT-001", String.format(Locale.ROOT, "has %.1f %% of neighbouring "
                + "weights whose products with large activations overflow 16 bits on x64 CPUs without VNNI; 'onnxruntime-avx2' cannot",
                100.0 * saturating / pairs), n.name()));
    }
}
