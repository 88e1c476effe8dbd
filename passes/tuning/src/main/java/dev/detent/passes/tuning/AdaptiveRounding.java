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
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import dev.detent.support.number.FakeQuantization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Closed forms, layer by layer from the inputs on: takes the error that arrives from upstream out of the weights, gives
 * them the scales that cost least at the layer's output, rounds them so that their errors cancel there on the
 * calibration data, and refits the bias. See {@link LayerRounding}. A layer is left as it was unless the error of its
 * block on samples held out has fallen. No training, no random numbers; weights end on their grids, so everything after
 * rounds to nearest, and bias correction finds nothing left to do here.
 */
final class AdaptiveRounding {

    private static final Option<Integer> SAMPLES =
            Option.integer("samples", 64, "at most so many samples").atLeast(1);
    private static final Option<Integer> HELD_OUT = Option.integer(
                    "held-out", 16, "at most so many further samples to judge by")
            .atLeast(0);
    private static final Option<Integer> POSITIONS = Option.integer(
                    "positions", 8192, "output positions of a layer that are looked at, over all samples")
            .atLeast(1);
    private static final Option<Integer> BLOCK = Option.integer(
                    "block", 512, "weights of an output channel that are rounded with regard to each other")
            .atLeast(1);
    private static final Option<Boolean> UPSTREAM =
            Option.flag("upstream", true, "weights make up for errors that arrive from layers before");
    private static final Option<Boolean> SCALES =
            Option.flag("scales", true, "scales, zero points and exponents of weights are chosen anew");
    private static final Option<Integer> SWEEPS = Option.integer(
                    "sweeps", 3, "looks at every single rounding after feedback")
            .atLeast(0);
    private static final Option<Integer> MEMORY = Option.integer(
                    "memory", 512, "megabytes for values between layers; fewer samples are used where they do not fit")
            .atLeast(1);

    private static final Option<Integer> CURVATURE = BlockOptions.curvature(0);

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("adaptive-rounding", "rounds weights so that their errors cancel on the calibration data")
                    .requires(Fact.PARAMETERS_CALIBRATED)
                    .forbids(Fact.BAKED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .after("calibration", "the moments are those of quantized activations, where any are")
                    .after("alignment", "weights are rounded for the input codes of the final scales")
                    .after("bias-room", "weights are rounded to scales that leave room for biases")
                    .after("passive-parameters", "the moments come from the network with quantized biases")
                    .asks(Transition.LEAD)
                    .editsGraph()
                    .needs(PassRequirement.SAMPLES)
                    .options(SAMPLES, HELD_OUT, POSITIONS, BLOCK, UPSTREAM, SCALES, SWEEPS, MEMORY, CURVATURE)
                    .build(),
            context -> new AdaptiveRounding(context).run());

    private static final Range UNBOUNDED = new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** A bias keeps twice the room of 32 bits. */
    private static final double LARGEST_BIAS_CODE = 1L << 30;

    /**
     * A layer.
     *
     * @param bias name of a bias of its own; empty when it has none
     */
    private record Layer(Node node, Im2Col patches, TensorQuantization weight, String bias) {
        String weights() {
            return node.input(1);
        }
    }

    /** Parameters that a config might get. */
    private record Move(TensorQuantization config, QuantizationParameters parameters) {}

    /**
     * What a layer might become.
     *
     * @param values of its initializers, by name
     * @param rounded the same as they are run
     */
    private record Proposal(Map<String, float[]> values, Map<String, float[]> rounded, List<Move> moves) {}

    private final PassContext context;
    private final Graph graph;

    private AdaptiveRounding(PassContext context) {
        this.context = context;
        this.graph = context.graph();
    }

    private void run() {
        Differentiator.Cutting layers = new Differentiator.Cutting(
                1,
                context.options().get(SAMPLES),
                context.options().get(HELD_OUT),
                (long) context.options().get(MEMORY) << 20,
                context.options().get(CURVATURE));
        context.differentiator().walk(layers, block -> {
            for (Node n : block.nodes()) {
                layer(n).ifPresent(l -> round(l, block));
            }
        });
    }

    private Optional<Layer> layer(Node n) {
        if (n.inputs().size() < 2 || !isOwnFloat(n.input(1)) || graph.isInitializer(n.input(0))) {
            return Optional.empty();
        }
        Tensor weights = graph.initializer(n.input(1)).orElseThrow();
        Optional<? extends TensorQuantization> weight =
                context.quantization().input(n, 1).filter(c -> c.state().isActive());
        return weight.isEmpty()
                ? Optional.empty()
                : Im2Col.of(n, weights).map(p -> new Layer(n, p, weight.get(), bias(n, p.outputs())));
    }

    private String bias(Node n, int outputs) {
        return n.hasInput(2)
                        && isOwnFloat(n.input(2))
                        && graph.initializer(n.input(2)).orElseThrow().elementCount() == outputs
                ? n.input(2)
                : "";
    }

    private boolean isOwnFloat(String initializer) {
        return graph.initializer(initializer)
                        .filter(w -> w.type() == ElementType.FLOAT)
                        .isPresent()
                && graph.uses(initializer).size() == 1;
    }

    private void round(Layer layer, Block block) {
        Block.Values now = block.values();
        if (!now.parameters().containsKey(layer.weights()) || block.samples() == 0) {
            return;
        }
        int perSample = Math.max(1, context.options().get(POSITIONS) / block.samples());
        PairedMoments seen = block.observe(
                Slot.input(layer.node().name(), 0),
                () -> new PairedMoments(layer.patches(), context.options().get(BLOCK), perSample, range(layer)));
        Tensor weights = graph.initializer(layer.weights()).orElseThrow();
        LayerRounding closed = LayerRounding.of(
                layer.patches(), seen, weights.floats(), !layer.bias().isEmpty());
        double least = block.error(now);
        Optional<Proposal> best = Optional.empty();
        if (context.options().get(UPSTREAM)) {
            best = better(block, now, propose(layer, closed, closed.compensated()), least);
        }
        if (best.isEmpty()) {
            best = better(block, now, propose(layer, closed, weights.floats()), least);
        }
        best.ifPresent(this::commit);
    }

    /**
     * What the layer can read. What the float network has beyond it was given up when the range was chosen; a few such
     * values would otherwise dominate the moments.
     */
    private Range range(Layer layer) {
        return context.quantization()
                .input(layer.node(), 0)
                .filter(c -> c.state().isCalibrated() && !c.scheme().isPerChannel())
                .flatMap(c -> c.qparams().map(p -> c.scheme().system().range(p.scale(0), p.zeroPoint(0), c.scheme())))
                .orElse(UNBOUNDED);
    }

    private Proposal propose(Layer layer, LayerRounding closed, float[] target) {
        Proposal proposal = new Proposal(new LinkedHashMap<>(), new LinkedHashMap<>(), new ArrayList<>());
        Scheme scheme = layer.weight().scheme();
        QuantizationParameters p = layer.weight().qparams().orElseThrow();
        long[] dims = graph.initializer(layer.weights()).orElseThrow().dims();
        int[] groups = LearnedWeight.groups(scheme.granularity(), dims, p.channels());
        float[] bias = layer.bias().isEmpty()
                ? new float[0]
                : graph.initializer(layer.bias()).orElseThrow().floats();
        if (context.options().get(SCALES) && BlockLearners.isLearned(layer.weight())) {
            p = new ScaleSearch(scheme, target, closed.importance(), groups, p.channels())
                    .search(p, leastScales(layer, bias, groups, p.channels()));
            proposal.moves().add(new Move(layer.weight(), p));
        }
        float[] rounded =
                closed.round(target, scheme, p, groups, context.options().get(SWEEPS));
        proposal.values().put(layer.weights(), rounded);
        proposal.rounded().put(layer.weights(), rounded);
        if (bias.length > 0) {
            refit(layer, closed.bias(bias, rounded), proposal);
        }
        return proposal;
    }

    /** A bias of few bits with a scale of its own gets one that covers what it has become. */
    private void refit(Layer layer, float[] bias, Proposal proposal) {
        proposal.values().put(layer.bias(), bias);
        float[] rounded = bias.clone();
        proposal.rounded().put(layer.bias(), rounded);
        Optional<? extends TensorQuantization> config = context.quantization()
                .input(layer.node(), 2)
                .filter(c -> c.state().isActive() && !c.state().isPassive());
        if (config.isEmpty()) {
            return;
        }
        Scheme scheme = config.get().scheme();
        QuantizationParameters p = config.get().qparams().orElseThrow();
        long[] dims = {bias.length};
        if (BlockLearners.isLearned(config.get())) {
            int[] groups = LearnedWeight.groups(scheme.granularity(), dims, p.channels());
            double[] ones = new double[bias.length];
            Arrays.fill(ones, 1);
            p = new ScaleSearch(scheme, bias, ones, groups, p.channels())
                    .search(covering(scheme, bias, groups, p.channels()), new double[p.channels()]);
            proposal.moves().add(new Move(config.get(), p));
        }
        FakeQuantization.inPlace(rounded, dims, scheme, p);
    }

    private static QuantizationParameters covering(Scheme scheme, float[] values, int[] groups, int count) {
        double[] low = new double[count];
        double[] high = new double[count];
        for (int i = 0; i < values.length; i++) {
            low[groups[i]] = Math.min(low[groups[i]], values[i]);
            high[groups[i]] = Math.max(high[groups[i]], values[i]);
        }
        return scheme.cover(low, high);
    }

    /** Scales that leave the biases room: a bias counts in units of input scale x weight scale. */
    private double[] leastScales(Layer layer, float[] bias, int[] groups, int count) {
        double[] least = new double[count];
        Optional<QuantizationParameters> input = context.quantization()
                .input(layer.node(), 0)
                .filter(c -> c.state().isActive())
                .flatMap(TensorQuantization::qparams);
        if (input.isPresent()) {
            for (int o = 0; o < bias.length; o++) {
                int g = groups[layer.patches().index(o, 0)];
                least[g] = Math.max(
                        least[g],
                        Math.abs(bias[o]) / LARGEST_BIAS_CODE / input.get().scale(0));
            }
        }
        return least;
    }

    private static Optional<Proposal> better(Block block, Block.Values now, Proposal proposal, double least) {
        Block.Values then = now.copy();
        then.parameters().putAll(proposal.rounded());
        return block.error(then) < least ? Optional.of(proposal) : Optional.empty();
    }

    private void commit(Proposal proposal) {
        proposal.values().forEach((initializer, values) -> {
            long[] dims = graph.initializer(initializer).orElseThrow().dims();
            context.editor().initializer(initializer, Tensor.ofFloats(dims, values));
        });
        for (Move m : proposal.moves()) {
            if (!m.parameters().equals(m.config().qparams().orElseThrow())) {
                context.states().lead(m.config(), m.parameters(), "costs least at the layer's output");
            }
        }
    }
}
