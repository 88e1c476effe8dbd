package dev.detent.passes.equalization;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator.Observation;
import dev.detent.support.number.FakeQuantization;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.WeightLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Takes the mean error that weight quantization causes out of the bias: b += (W - Q(W)) E[x], with E[x] per input
 * channel of the float network (Nagel et al. 2019, equation 17; borders count as inner pixels). One look at the data,
 * however many layers, and where the network is cut already.
 */
final class CorrectBias implements Pass {

    private static final Option<Integer> SAMPLES = Option.integer(
                    "samples", 16, "at most so many samples; a channel's mean settles early")
            .atLeast(1);

    /** Rounding error of dequantization; a smaller error is not worth correcting. */
    private static final double ROUNDING = 1e-6;

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("bias-correction", "takes the mean error of quantized weights out of the biases")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .after(
                            "adaptive-rounding",
                            "rounded weights leave no mean error, and nearest rounding's would be wrong")
                    .after("alignment", "the error is that of the final scales")
                    .after("bias-room", "the error is that of the final weight scales")
                    .after("passive-parameters", "the bias is corrected in float, after its scale was derived")
                    .editsGraph()
                    .needs(PassRequirement.STATISTICS)
                    .options(SAMPLES)
                    .build(),
            new CorrectBias());

    private CorrectBias() {}

    @Override
    public List<Observation<ChannelMean>> observes(PassView view) {
        return view.graph().nodes().parallelStream()
                .filter(n -> isCorrectable(view, n) && isOffGrid(view, n))
                .map(n -> input(view, n))
                .toList();
    }

    @Override
    public void run(PassContext context) {
        List<Node> layers = new ArrayList<>();
        List<ChannelMean> means = new ArrayList<>();
        for (Node n : context.graph().nodes()) {
            Optional<ChannelMean> mean =
                    isCorrectable(context, n) ? context.observed(input(context, n)) : Optional.empty();
            mean.ifPresent(m -> {
                layers.add(n);
                means.add(m);
            });
        }
        // Two layers may share a bias; it takes both corrections, one after the other.
        List<double[]> shifts = IntStream.range(0, layers.size())
                .parallel()
                .mapToObj(i -> shift(context, layers.get(i), means.get(i)))
                .toList();
        for (int i = 0; i < layers.size(); i++) {
            correct(context, layers.get(i).input(2), shifts.get(i));
        }
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
    private static Observation<ChannelMean> input(PassView view, Node n) {
        Graph graph = view.graph();
        int channels = WeightLayout.of(n, graph.initializer(n.input(1)).orElseThrow())
                .orElseThrow()
                .inputChannels();
        ChannelGroups.Axis axis = n.is("Gemm") ? ChannelGroups.Axis.LAST : ChannelGroups.Axis.SECOND;
        return new Observation<>(
                n.is("Gemm") ? source(graph, n.input(0)) : n.input(0),
                "channel means for " + n.name(),
                view.options().get(SAMPLES),
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

    /** Mean error of every output channel. */
    private static double[] shift(PassContext context, Node n, ChannelMean mean) {
        Tensor w = context.graph().initializer(n.input(1)).orElseThrow();
        WeightLayout view = WeightLayout.of(n, w).orElseThrow();
        float[] exact = w.floats();
        float[] quantized = quantized(context, n);
        double[] shift = new double[view.outputChannels()];
        for (int i = 0; i < exact.length; i++) {
            shift[view.output(i)] += (exact[i] - quantized[i]) * mean.mean(view.input(i));
        }
        return shift;
    }

    private static void correct(PassContext context, String name, double[] shift) {
        Tensor b = context.graph().initializer(name).orElseThrow();
        float[] bias = b.floats();
        if (bias.length != shift.length) {
            return;
        }
        for (int c = 0; c < bias.length; c++) {
            bias[c] += (float) shift[c];
        }
        context.editor().initializer(name, Tensor.ofFloats(b.dims(), bias));
    }
}
