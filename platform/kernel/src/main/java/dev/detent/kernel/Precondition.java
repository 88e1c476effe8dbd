package dev.detent.kernel;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What must hold, besides the state, before a row of the {@link TransitionTable} applies: a sentence, and the predicate
 * that the {@link StateMachine} evaluates. docs/state-machine.md prints the sentences.
 */
public enum Precondition {
    /** Parameters belong to the root; a config that reads another's has none to set. */
    OWN_ROOT(
            "it is its own root",
            r -> objection(
                    r.config().root() != r.config(),
                    "its parameters are those of " + r.config().root().slot())),
    /** Of the scheme the config shows: a leader takes it along. */
    PARAMETERS_FIT(
            "the parameters are one pair, or one for each channel or block of the scheme", r -> misfit(r, false)),
    /** Weights of one scale make bias scales of one, whatever axis the bias has. */
    DERIVED_PARAMETERS_FIT(
            "the parameters are one pair, or one for each channel or block of the scheme; one may serve all channels",
            r -> misfit(r, true)),
    /** A chip that fixes an output's encoding runs with that one, whatever the model file says. */
    AS_PRESCRIBED(
            "an encoding that the target prescribes is kept",
            r -> r.config()
                    .prescribed()
                    .filter(p -> !p.equals(r.qparams()))
                    .map(p -> "the target prescribes " + p + " here, not " + r.qparams())),
    /** The same for a config that is about to read another's parameters. */
    FOLLOWS_AS_PRESCRIBED(
            "a config whose encoding the target prescribes reads only the same encoding",
            r -> r.config()
                    .prescribed()
                    .filter(p -> !r.leader().root().prescribed().equals(Optional.of(p)))
                    .map(p -> "the target prescribes " + p + " here, "
                            + r.leader().slot() + " has another encoding")),
    /** The prescribed numbers were worked out for the scheme of the rule. */
    NOT_PRESCRIBED(
            "the target does not prescribe its encoding",
            r -> r.config().prescribed().map(p -> "the target prescribes " + p + " here, for its own scheme")),
    GROUP_WAITS(
            "the head of its group is INITIAL too and moves with it",
            r -> objection(
                    !r.config().root().state().awaitsCalibration(),
                    "the head of its group, " + r.config().root().slot() + ", is "
                            + r.config().root().state())),
    /** What is covered reads its root for good: a root that never has numbers would leave it without. */
    COVER_HOLDS(
            "the root that covers it is " + states(QuantizationState::canCover),
            r -> objection(
                    !r.leader().root().state().canCover(),
                    r.leader().root().slot() + " is " + r.leader().root().state() + " and covers nobody")),
    LEADER_LEADS(
            "the leader is " + states(QuantizationState::canLead),
            r -> objection(
                    !r.leader().state().canLead(),
                    "the leader " + r.leader().slot() + " is " + r.leader().state() + " and leads nobody")),
    /** Else the follower would quantize without parameters. */
    LEADER_IS_LIVE(
            "the leader's root quantizes and has parameters",
            r -> objection(
                    !r.leader().root().isLive(),
                    "the leader " + r.leader().slot() + " reads "
                            + r.leader().root().slot() + ", which is "
                            + r.leader().root().state() + " and lends no parameters")),
    /** Its parameters go, and those that quantize with them would have none. */
    NOT_FOLLOWED(
            "no other config quantizes with its parameters",
            r -> r.config()
                    .readers()
                    .filter(c -> c.lasting().isActive())
                    .findFirst()
                    .map(c -> c.slot() + " quantizes with its parameters")),
    UNREAD(
            "no other config reads its parameters",
            r -> r.config().readers().findFirst().map(c -> c.slot() + " reads its parameters")),
    INITIALIZER(
            "the value is an initializer",
            r -> objection(!r.config().isInitializer(), "the value is computed, only an initializer can be baked")),
    /** Another reader would get values it did not ask for. */
    ONE_USE("the initializer has one use", r -> {
        int uses = r.graph().uses(r.config().value()).size();
        return objection(uses != 1, "the initializer has " + uses + " uses, baking needs exactly one");
    }),
    SAME_SHAPE(
            "the new values have the shape of the old",
            r -> r.graph()
                    .initializer(r.config().value())
                    .filter(t -> !Arrays.equals(t.dims(), r.values().dims()))
                    .map(t -> "the new values have another shape: " + r.values() + " instead of " + t)),
    SAME_GRANULARITY("the new scheme has the same channel axis and block size", r -> {
        Scheme own = r.config().scheme();
        return objection(!own.granularity().equals(r.scheme().granularity()), "the new scheme has another granularity");
    });

    private final String sentence;
    private final Function<Request, Optional<String>> objection;

    Precondition(String sentence, Function<Request, Optional<String>> objection) {
        this.sentence = sentence;
        this.objection = objection;
    }

    /** What must hold, for the documentation. */
    public String sentence() {
        return sentence;
    }

    /** Why it does not hold for this request, in the words of a refusal; empty when it holds. */
    Optional<String> objection(Request request) {
        return objection.apply(request);
    }

    private static Optional<String> objection(boolean broken, String why) {
        return broken ? Optional.of(why) : Optional.empty();
    }

    private static String states(Predicate<QuantizationState> which) {
        return Arrays.stream(QuantizationState.values())
                .filter(which)
                .map(Enum::name)
                .collect(Collectors.joining(", "));
    }

    private static Optional<String> misfit(Request r, boolean oneMayServeAll) {
        Scheme scheme = r.config().scheme();
        QuantizationParameters given = r.qparams();
        if (!scheme.isPerChannel()) {
            return objection(given.channels() != 1, given.channels() + " scales do not fit a per-tensor scheme");
        }
        if (oneMayServeAll && given.channels() == 1) {
            return Optional.empty();
        }
        return shape(r).filter(dims -> !fits(given.channels(), scheme, dims))
                .map(dims -> given.channels() + " scales do not fit axis "
                        + scheme.axis().getAsInt() + " of the shape "
                        + Arrays.toString(dims));
    }

    private static boolean fits(int pairs, Scheme scheme, long[] dims) {
        int axis = scheme.axis().getAsInt();
        if (axis >= dims.length || scheme.isPerBlock() && dims.length != 2) {
            return false;
        }
        boolean open = dims[axis] < 0 || scheme.isPerBlock() && dims[1 - axis] < 0;
        return open || scheme.granularity().groups(dims) == pairs;
    }

    /** Of the config's value, as far as the model tells it: -1 for a dimension that is open. */
    private static Optional<long[]> shape(Request r) {
        String value = r.config().value();
        return r.graph()
                .initializer(value)
                .map(Tensor::dims)
                .or(() -> r.graph()
                        .valueInfo(value)
                        .flatMap(ValueInfo::shape)
                        .map(dims -> dims.stream()
                                .mapToLong(ValueInfo.Dimension::size)
                                .toArray()));
    }
}
