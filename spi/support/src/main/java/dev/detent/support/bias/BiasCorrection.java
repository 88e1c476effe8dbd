package dev.detent.support.bias;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.support.number.FakeQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The mean error that weight quantization causes at each output channel, (W - Q(W)) E[x] with E[x] per input channel of
 * the float network (Nagel et al. 2019, equation 17; borders count as inner pixels), and the biases without it. No
 * layer's correction depends on another's. For the pass that corrects biases, and for passes that run before it and
 * judge what the outputs will keep after it. Immutable.
 */
public final class BiasCorrection {

    /** At most so many samples; a channel's mean settles early. */
    public static final int SAMPLES = 16;

    /** Rounding error of dequantization; a smaller error is not worth correcting. */
    private static final double ROUNDING = 1e-6;

    /** Mean error of every output channel of a layer. */
    private record Shift(String bias, TensorQuantization weight, double[] values) {}

    private final Graph graph;
    private final List<Shift> shifts;

    private BiasCorrection(Graph graph, List<Shift> shifts) {
        this.graph = graph;
        this.shifts = shifts;
    }

    /** What is to be observed of the float network for it; passes that ask for as many samples share it. */
    public static List<Observation<ChannelMean>> observations(PassView view, int samples) {
        return view.graph().nodes().parallelStream()
                .filter(n -> isCorrectable(view, n) && isOffGrid(view, n))
                .map(n -> input(view, n, samples))
                .toList();
    }

    /** From what was observed for {@link #observations}, with weights as they are quantized now. */
    public static BiasCorrection of(PassContext context, int samples) {
        Map<Node, ChannelMean> means = new LinkedHashMap<>();
        context.graph().nodes().stream()
                .filter(n -> isCorrectable(context, n))
                .forEach(n -> context.observed(input(context, n, samples)).ifPresent(m -> means.put(n, m)));
        return new BiasCorrection(
                context.graph(),
                List.copyOf(means.entrySet()).parallelStream()
                        .map(e -> shift(context, e.getKey(), e.getValue()))
                        .toList());
    }

    /**
     * The biases that change, corrected.
     *
     * @param quantized the weights whose error counts; the others are taken for float
     */
    public Map<String, Tensor> biases(Predicate<TensorQuantization> quantized) {
        Map<String, Tensor> biases = new LinkedHashMap<>();
        for (Shift s : shifts) {
            Tensor b = Optional.ofNullable(biases.get(s.bias()))
                    .orElseGet(() -> graph.initializer(s.bias()).orElseThrow());
            if (quantized.test(s.weight()) && b.elementCount() == s.values().length) {
                float[] bias = b.floats();
                for (int c = 0; c < bias.length; c++) {
                    bias[c] += (float) s.values()[c];
                }
                // Two layers may share a bias; it takes both corrections, one after the other.
                biases.put(s.bias(), Tensor.ofFloats(b.dims(), bias));
            }
        }
        return biases;
    }

    private static boolean isCorrectable(PassView view, Node n) {
        Graph graph = view.graph();
        return n.isOneOf(OperatorTable.biased())
                && n.intAttribute("transA", 0) == 0
                && graph.isInitializer(n.input(1))
                && graph.isInitializer(n.input(2))
                && view.quantization()
                        .input(n, 1)
                        .map(c -> c.state().isActive())
                        .orElse(false);
    }

    /** Weights that a pass before has put on their grid make no error. */
    private static boolean isOffGrid(PassView view, Node n) {
        float[] exact = view.graph().initializer(n.input(1)).orElseThrow().floats();
        float[] quantized = quantized(view, n);
        double size = 0;
        double error = 0;
        for (int i = 0; i < exact.length; i++) {
            size += Math.abs(exact[i]);
            error += Math.abs(exact[i] - quantized[i]);
        }
        return error > ROUNDING * size;
    }

    private static float[] quantized(PassView view, Node n) {
        TensorQuantization config = view.quantization().input(n, 1).orElseThrow();
        Tensor w = view.graph().initializer(n.input(1)).orElseThrow();
        float[] values = w.floats();
        FakeQuantization.inPlace(
                values, w.dims(), config.scheme(), config.qparams().orElseThrow());
        return values;
    }

    /**
     * For a Gemm, observes the producer behind reshapes: the elements have the same order, and the network is usually
     * partitioned there, so no extra cut is needed. Named after the layer: a layer whose input another one observes is
     * corrected only if its own weights are off their grid.
     */
    private static Observation<ChannelMean> input(PassView view, Node n, int samples) {
        Graph graph = view.graph();
        int channels = WeightLayout.of(n, graph.initializer(n.input(1)).orElseThrow())
                .orElseThrow()
                .inputChannels();
        ChannelMean.Axis axis = n.is("Gemm") ? ChannelMean.Axis.LAST : ChannelMean.Axis.SECOND;
        return new Observation<>(
                n.is("Gemm") ? source(graph, n.input(0)) : n.input(0),
                "channel means for " + n.name(),
                samples,
                () -> new ChannelMean(axis, channels));
    }

    private static String source(Graph graph, String value) {
        String source = value;
        Optional<Node> reshape = reshape(graph, source);
        while (reshape.isPresent()) {
            source = reshape.get().input(0);
            reshape = reshape(graph, source);
        }
        return source;
    }

    private static Optional<Node> reshape(Graph graph, String value) {
        return graph.producer(value).filter(p -> p.is("Flatten", "Reshape", "Squeeze", "Unsqueeze"));
    }

    private static Shift shift(PassContext context, Node n, ChannelMean mean) {
        Tensor w = context.graph().initializer(n.input(1)).orElseThrow();
        WeightLayout layout = WeightLayout.of(n, w).orElseThrow();
        float[] exact = w.floats();
        float[] quantized = quantized(context, n);
        double[] shift = new double[layout.outputChannels()];
        for (int i = 0; i < exact.length; i++) {
            shift[layout.output(i)] += (exact[i] - quantized[i]) * mean.mean(layout.input(i));
        }
        return new Shift(n.input(2), context.quantization().input(n, 1).orElseThrow(), shift);
    }
}
