package dev.detent.passes.tuning;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Transition;
import dev.detent.spi.run.Differentiator;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What all passes that learn block by block have in common: place in the plan, data, memory. */
final class BlockOptions {

    private static final Option<Integer> SAMPLES = Option.integer(
                    "samples", 64, "at most so many samples to learn from")
            .atLeast(1);
    private static final Option<Integer> HELD_OUT = Option.integer(
                    "held-out", 16, "at most so many further samples to judge by")
            .atLeast(1);
    private static final Option<Integer> BATCH =
            Option.integer("batch", 8, "samples of a step").atLeast(1);
    private static final Option<Integer> SEED = Option.integer("seed", 1, "of the order of the samples");
    static final Option<Integer> MEMORY = Option.integer(
                    "memory", 512, "megabytes for values between blocks; fewer samples are used where they do not fit")
            .atLeast(1);

    static final Option<Integer> BLOCK = Option.integer("block-size", 4, "weighted operators of a block, about")
            .atLeast(1);
    static final Option<Integer> CURVATURE = curvature(8);

    /** Of so many samples, unless a person says otherwise. */
    static Option<Integer> curvature(int samples) {
        return Option.integer(
                        "fisher",
                        samples,
                        "samples that tell how much the network's outputs feel each channel of a block's output; 0: all count alike")
                .atLeast(0);
    }

    static final Option<String> LAYERS = Option.text(
            "interested-layers", "", "names of the nodes to learn, with commas between them; all when empty");

    private BlockOptions() {}

    /** The order of those that learn, when several are in a plan: each begins where the one before has stopped. */
    private static final List<String> ORDER =
            List.of("tqt", "lsq", "adaround", "block-reconstruction", "block-bias-correction");

    static PassDescriptor.Builder describe(String id, String summary) {
        PassDescriptor.Builder b = PassDescriptor.of(id, summary)
                .requires(Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED)
                .forbids(Fact.BAKED)
                .invalidates(Fact.PASSIVES_DERIVED)
                .after("alignment", "learning begins with the final groups of scales")
                .after("bias-room", "learning begins with scales that leave room for biases")
                .after("passive-parameters", "what is learned is the whole quantized network")
                .after("adaptive-rounding", "learning begins with the rounding that closed forms found")
                .before("bias-correction", "learned weights leave no mean error, and nearest rounding's would be wrong")
                .asks(Transition.LEAD)
                .editsGraph()
                .needs(PassRequirement.SAMPLES);
        ORDER.subList(0, ORDER.indexOf(id)).forEach(o -> b.after(o, "it begins where the other has stopped"));
        return b;
    }

    static Option<?>[] and(Option<?>... own) {
        List<Option<?>> all = new ArrayList<>(List.of(own));
        all.addAll(List.of(SAMPLES, HELD_OUT, BATCH, SEED, MEMORY));
        return all.toArray(Option<?>[]::new);
    }

    /**
     * Names that {@link #LAYERS} gives.
     *
     * @throws UserException when the network has no node of such a name
     */
    static Set<String> layers(PassContext context) {
        Set<String> names = new LinkedHashSet<>(Option.list(context.options().get(LAYERS)));
        names.remove("");
        for (String name : names) {
            if (context.graph().node(name).isEmpty()) {
                throw new UserException(
                        TuningProblems.NO_SUCH_LAYER,
                        "there is no node '" + name + "'; 'detent inspect' lists the names",
                        LAYERS.name());
            }
        }
        return names;
    }

    /** Every channel of a block's output counts alike. */
    static void learn(PassContext context, String pass, int steps, double rate, double drop, BlockLearners learners) {
        learn(context, pass, new Pace(steps, rate, drop, 0), learners);
    }

    /**
     * How a pass learns.
     *
     * @param steps for each block
     * @param drop probability that an activation is not quantized while learning
     * @param curvature samples that weigh the channels
     */
    record Pace(int steps, double rate, double drop, int curvature) {}

    /** Runs a pass as its options say. */
    static void learn(PassContext context, String pass, Pace pace, BlockLearners learners) {
        BlockLearning.Schedule schedule = new BlockLearning.Schedule(
                pace.steps(),
                context.options().get(BATCH),
                pace.rate(),
                pace.drop(),
                context.options().get(SEED));
        Differentiator.Cutting cutting = new Differentiator.Cutting(
                context.options().get(BLOCK),
                context.options().get(SAMPLES),
                context.options().get(HELD_OUT),
                (long) context.options().get(MEMORY) << 20,
                pace.curvature());
        new BlockLearning(context, schedule, learners).run(cutting, pass);
    }
}
