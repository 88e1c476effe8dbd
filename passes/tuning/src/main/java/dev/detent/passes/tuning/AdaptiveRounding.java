package dev.detent.passes.tuning;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rounds weights to what leaves the least error at their layer's output on the calibration data, not each to the
 * nearest value: see {@link GptqRounding}. Moments of the inputs come from the quantized network. The mean error goes
 * into the bias where there is one, so only the variance of the input counts there. No training, no random numbers;
 * weights end on their grids, so everything after rounds to nearest, and bias correction finds nothing left to do here.
 */
final class AdaptiveRounding {

    private static final Option<Integer> SAMPLES =
            Option.integer("samples", 64, "at most so many samples").atLeast(1);
    private static final Option<Integer> POSITIONS = Option.integer(
                    "positions", 4096, "output positions of a layer that are looked at, over all samples")
            .atLeast(1);
    private static final Option<Integer> BLOCK = Option.integer(
                    "block", 512, "weights of an output channel that are rounded with regard to each other")
            .atLeast(1);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("adaptive-rounding", "rounds weights so that their errors cancel on the calibration data")
                    .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .after("alignment", "weights are rounded for the input codes of the final scales")
                    .after("bias-room", "weights are rounded to the grid of their final scales")
                    .after("passive-parameters", "the moments come from the network with quantized biases")
                    .editsGraph()
                    .needs(PassRequirement.SAMPLES)
                    .options(SAMPLES, POSITIONS, BLOCK)
                    .build(),
            context -> new AdaptiveRounding(context).run());

    /** Layers are looked at together as long as their matrices, of one worker, fit here. */
    private static final long BUDGET = 96L << 20;

    private record Layer(Node node, Im2Col patches, TensorQuantization input, TensorQuantization weight) {}

    private final PassContext context;
    private final Graph graph;

    private AdaptiveRounding(PassContext context) {
        this.context = context;
        this.graph = context.graph();
    }

    private void run() {
        List<Layer> together = new ArrayList<>();
        long bytes = 0;
        for (Node n : graph.nodes()) {
            Optional<Layer> layer = layer(n);
            if (layer.isEmpty()) {
                continue;
            }
            long needed = InputSecondMoments.bytes(
                    layer.get().patches(), context.options().get(BLOCK));
            if (!together.isEmpty() && bytes + needed > BUDGET) {
                round(together);
                together.clear();
                bytes = 0;
            }
            together.add(layer.get());
            bytes += needed;
        }
        if (!together.isEmpty()) {
            round(together);
        }
    }

    private Optional<Layer> layer(Node n) {
        if (n.inputs().size() < 2
                || graph.initializer(n.input(1))
                        .filter(w -> w.type() == ElementType.FLOAT)
                        .isEmpty()
                || graph.uses(n.input(1)).size() != 1) {
            return Optional.empty();
        }
        Optional<? extends TensorQuantization> input = context.quantization()
                .input(n, 0)
                .filter(c -> c.qparams().isPresent()
                        && !c.scheme().isPerChannel()
                        && !c.scheme().system().isDynamic());
        Optional<? extends TensorQuantization> weight = context.quantization()
                .input(n, 1)
                .filter(c -> c.state().isActive() && !c.scheme().isPerBlock());
        return input.isEmpty() || weight.isEmpty()
                ? Optional.empty()
                : Im2Col.of(n, graph.initializer(n.input(1)).orElseThrow())
                        .map(p -> new Layer(n, p, input.get(), weight.get()));
    }

    private void round(List<Layer> layers) {
        int samples = context.options().get(SAMPLES);
        int perSample = Math.max(1, context.options().get(POSITIONS) / samples);
        int block = context.options().get(BLOCK);
        List<Simulator.Observation<InputSecondMoments>> observations = layers.stream()
                .map(l -> new Simulator.Observation<>(
                        l.node().input(0),
                        () -> new InputSecondMoments(
                                l.patches(),
                                block,
                                perSample,
                                l.input().scheme(),
                                l.input().qparams().orElseThrow())))
                .toList();
        List<InputSecondMoments> seen = context.simulator().observe(observations, samples);
        for (int i = 0; i < layers.size(); i++) {
            round(layers.get(i), seen.get(i));
        }
    }

    private void round(Layer layer, InputSecondMoments gram) {
        Im2Col patches = layer.patches();
        Node node = layer.node();
        Tensor weight = graph.initializer(node.input(1)).orElseThrow();
        float[] exact = weight.floats();
        float[] rounded = exact.clone();
        Optional<Tensor> bias = node.hasInput(2)
                ? graph.initializer(node.input(2))
                        .filter(b -> b.elementCount() == patches.outputs()
                                && graph.uses(node.input(2)).size() == 1)
                : Optional.empty();
        double[] shift = new double[patches.outputs()];
        int perGroup = patches.outputs() / patches.groups();
        for (int g = 0; g < patches.groups(); g++) {
            for (int b = 0; b < gram.blockCount(); b++) {
                int from = gram.start(b);
                int size = gram.start(b + 1) - from;
                double[] mean = gram.mean(g, b);
                double[] moments = gram.moments(g, b);
                if (bias.isPresent()) {
                    centre(moments, mean);
                }
                GptqRounding feedback = new GptqRounding(moments, size);
                int first = g * perGroup;
                IntStream.range(first, first + perGroup).parallel().forEach(o -> {
                    float[] row = new float[size];
                    for (int c = 0; c < size; c++) {
                        row[c] = exact[patches.index(o, from + c)];
                    }
                    float[] best = feedback.round(row, grid(layer.weight(), o));
                    for (int c = 0; c < size; c++) {
                        rounded[patches.index(o, from + c)] = best[c];
                        shift[o] += ((double) row[c] - best[c]) * mean[c];
                    }
                });
            }
        }
        context.editor().initializer(node.input(1), Tensor.ofFloats(weight.dims(), rounded));
        bias.ifPresent(b -> {
            float[] values = b.floats();
            for (int o = 0; o < values.length; o++) {
                values[o] += (float) shift[o];
            }
            context.editor().initializer(node.input(2), Tensor.ofFloats(b.dims(), values));
        });
    }

    /** Covariances from second moments. */
    private static void centre(double[] moments, double[] mean) {
        for (int i = 0; i < mean.length; i++) {
            for (int j = 0; j < mean.length; j++) {
                moments[i * mean.length + j] -= mean[i] * mean[j];
            }
        }
    }

    private static GptqRounding.Grid grid(TensorQuantization config, int output) {
        Scheme scheme = config.scheme();
        QuantizationParameters p = config.qparams().orElseThrow();
        int channel = p.channels() == 1 ? 0 : output;
        float[] one = new float[1];
        return w -> {
            one[0] = w;
            scheme.system().fakeQuantize(one, 0, 1, p.scale(channel), p.zeroPoint(channel), scheme);
            return one[0];
        };
    }
}
