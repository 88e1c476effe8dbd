package dev.detent.spi.run;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A part of the quantized network, run alone: on the values that reach it through the quantized network before it,
 * against what the float network makes of the same samples. Used by one thread; see {@link Differentiator}.
 */
@Experimental(since = "1.0")
@ImplementedByHost
public interface Block {

    /**
     * A number a block can be run with in place of the one that is there.
     *
     * @param slot the only use of the initializer in the network
     * @param value name of the initializer
     */
    record Parameter(Slot slot, String value) {}

    /**
     * What a block is run with. Maps are the caller's; arrays are read while the block runs and never kept.
     *
     * @param parameters values of initializers by name, in C order, quantized already where they are to be
     * @param activations scales and zero points by slot of the config, which need not be on any grid
     */
    record Values(Map<String, float[]> parameters, Map<Slot, QuantizationParameters> activations) {

        /** A copy whose maps may be changed; the arrays are shared. */
        public Values copy() {
            return new Values(new LinkedHashMap<>(parameters), new LinkedHashMap<>(activations));
        }
    }

    /**
     * Quantization that is left out at random while learning (QDrop, Wei et al. 2022): each element of a quantized
     * activation keeps its exact value with this probability.
     *
     * @param probability 0 for none
     * @param seed the same seed leaves out the same elements
     */
    record Drop(double probability, long seed) {
        /** Everything is quantized. */
        public static final Drop NONE = new Drop(0, 0);
    }

    /**
     * Error and its gradient.
     *
     * @param error as {@link #error}
     * @param parameters gradient to each value of a parameter, by name
     * @param scales gradient to each scale of an activation, by slot
     * @param zeroPoints gradient to each zero point
     */
    record Gradient(
            double error, Map<String, float[]> parameters, Map<Slot, float[]> scales, Map<Slot, float[]> zeroPoints) {}

    /**
     * A statistic of what one input of a node is in both networks, for {@link #observe}. Used by one thread at a time.
     *
     * @param <S> its own type
     */
    interface PairSketch<S extends PairSketch<S>> {

        /**
         * One sample.
         *
         * @param exact as the float network has it; not kept, and left as it is
         * @param quantized as the node reads it in the quantized network
         * @param shape of either, outermost dimension first
         */
        void accept(float[] exact, float[] quantized, long[] shape);

        /** Takes over what another of the same kind has seen. */
        void merge(S other);
    }

    /** What a person may call it: the last value it makes. */
    String name();

    /** Its place on the walk, from 0. */
    int index();

    /** How many blocks the walk has. */
    int count();

    /** Its nodes, in execution order. */
    List<Node> nodes();

    /** Weights and biases of its operators that gradients reach. */
    List<Parameter> parameters();

    /**
     * Configs of activations that quantize in this block and nowhere else, each with parameters of its own that no
     * target prescribes. Gradients reach them.
     */
    List<TensorQuantization> activations();

    /** Samples to learn from. */
    int samples();

    /** Samples to judge by. */
    int heldOut();

    /** The numbers as graph and configs have them now, parameters as their configs quantize them. */
    Values values();

    /** A parameter's values before anything was quantized. */
    Tensor exact(Parameter parameter);

    /**
     * Squared error of the block's outputs as a part of their squares, 0.01 is 20 dB: the geometric mean over the
     * samples held out, or those to learn from when none are, so that a sample of huge values has one voice, like any
     * other. Of several outputs the mean. 0 when the block makes no floats.
     */
    double error(Values values);

    /**
     * Shows a statistic what a node of the block reads, in the float network and in the quantized one as it is now, for
     * every sample to learn from. Samples are dealt to a fixed number of sketches, which are merged in order: what
     * comes out does not depend on how many threads there are.
     *
     * @param input a float input of a node of the block that is computed, not an initializer
     */
    <S extends PairSketch<S>> S observe(Slot input, Supplier<? extends S> sketch);

    /**
     * Error of some samples and its gradient. Rounding counts as the identity inside the range of codes and as a
     * constant outside (the straight-through estimate); to a scale s the derivative of y = Q(x) is (y - x) / s inside
     * and y / s outside, which holds for every number system, as Q(cx, cs) = c Q(x, s); to a zero point it is 0 inside
     * and -s outside.
     *
     * @param samples indexes from 0 to {@link #samples()}
     */
    Gradient gradient(Values values, int[] samples, Drop drop);
}
