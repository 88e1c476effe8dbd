package dev.detent.passes.equalization;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Need;
import dev.detent.spi.pass.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Takes the mean error that weight quantization causes out of the bias: b += (W - Q(W)) E[x], with E[x] per input channel measured on the
 * quantized network (Nagel et al. 2019, equation 17; borders count as inner pixels). One pass over the data, however many layers.
 */
final class CorrectBias {

    private static final Option<Integer> SAMPLES = Option.integer("samples", 16, "at most so many samples; a channel's mean settles early");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("bias-correction", "takes the mean error of quantized weights out of the biases")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED).forbids(Fact.BAKED).establishes(Fact.TUNED)
                    .editsGraph().needs(Need.SAMPLES).options(SAMPLES).build(),
            CorrectBias::run);

    private CorrectBias() {}

    private static void run(PassContext context) {
        Graph graph = context.graph();
        List<Node> layers = new ArrayList<>();
        List<Simulator.Observation> inputs = new ArrayList<>();
        for (Node n : graph.nodes()) {
            boolean weighted = n.is("Conv", "ConvTranspose", "Gemm") && graph.isInitializer(n.input(1)) && graph.isInitializer(n.input(2));
            if (weighted && context.quantization().input(n, 1).map(c -> c.state().isActive()).orElse(false)) {
                layers.add(n);
                inputs.add(new Simulator.Observation(n.input(0), ChannelMean::new));
            }
        }
        List<Observer> means = context.simulator().observe(inputs, context.options().get(SAMPLES));
        // Two layers may share a bias; it takes both corrections, one after the other.
        List<double[]> shifts = IntStream.range(0, layers.size()).parallel().mapToObj(i -> shift(context, layers.get(i), (ChannelMean) means.get(i)))
                .toList();
        for (int i = 0; i < layers.size(); i++) {
            correct(context, layers.get(i).input(2), shifts.get(i));
        }
    }

    /** Mean error of every output channel; empty where the channels of input and weight do not match. */
    private static double[] shift(PassContext context, Node n, ChannelMean mean) {
        Tensor w = context.graph().initializer(n.input(1)).orElseThrow();
        ChannelView view = ChannelView.of(n, w);
        if (mean.channels() != view.inputChannels()) {
            return new double[0];
        }
        TensorQuantization config = context.quantization().input(n, 1).orElseThrow();
        float[] exact = w.floats();
        float[] quantized = w.floats();
        config.scheme().fakeQuantize(quantized, w.dims(), config.parameters().orElseThrow());
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
