package dev.detent.kernel;

import static dev.detent.kernel.Precondition.*;
import static dev.detent.spi.quant.QuantizationState.*;

import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Transition;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The legal transitions, as data. The {@link StateMachine} evaluates it, docs/state-machine.md is written from it. */
public final class TransitionTable {

    /** Where a transition leads. */
    public sealed interface Goal {

        /** A state that the row names. */
        record To(QuantizationState state) implements Goal {}

        /** The state stays; something else changes. */
        record Same() implements Goal {}

        /** The state the config had before it was switched off. */
        record Former() implements Goal {}
    }

    /**
     * @param from states the row applies to
     * @param guards what must hold besides; the first that does not is the reason of the refusal
     */
    public record Row(Transition verb, Set<QuantizationState> from, Goal goal, List<Precondition> guards) {}

    private static final List<Row> ROWS = List.of(
            row(Transition.CALIBRATE, EnumSet.of(INITIAL), to(ACTIVATED), OWN_ROOT, PARAMETERS_FIT, AS_PRESCRIBED),
            row(Transition.RECALIBRATE, EnumSet.of(ACTIVATED), to(INITIAL), OWN_ROOT, NOT_FOLLOWED),
            row(Transition.RECALIBRATE, EnumSet.of(PASSIVE), to(PASSIVE_INIT), OWN_ROOT, NOT_FOLLOWED),
            row(
                    Transition.OVERLAP,
                    EnumSet.of(INITIAL, OVERLAPPED),
                    to(OVERLAPPED),
                    GROUP_WAITS,
                    COVER_HOLDS,
                    FOLLOWS_AS_PRESCRIBED),
            row(
                    Transition.ENSLAVE,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    to(SLAVE),
                    LEADER_LEADS,
                    LEADER_IS_LIVE,
                    FOLLOWS_AS_PRESCRIBED),
            row(
                    Transition.ENSLAVE_GROUP,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    to(SLAVE),
                    LEADER_LEADS,
                    LEADER_IS_LIVE,
                    FOLLOWS_AS_PRESCRIBED),
            row(
                    Transition.LEAD,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    to(ACTIVATED),
                    PARAMETERS_FIT,
                    AS_PRESCRIBED),
            row(Transition.AWAIT, EnumSet.of(INITIAL), to(PASSIVE_INIT), OWN_ROOT, NOT_PRESCRIBED),
            row(Transition.DERIVE, EnumSet.of(PASSIVE_INIT, PASSIVE), to(PASSIVE), OWN_ROOT, DERIVED_PARAMETERS_FIT),
            row(Transition.BAKE, EnumSet.of(ACTIVATED), to(BAKED), INITIALIZER, ONE_USE, SAME_SHAPE),
            row(Transition.BAKE, EnumSet.of(PASSIVE), to(PASSIVE_BAKED), INITIALIZER, ONE_USE, SAME_SHAPE),
            row(Transition.KEEP_FLOAT, EnumSet.of(INITIAL), to(FP32), OWN_ROOT),
            row(Transition.MARK_SHAPE, EnumSet.of(INITIAL), to(SOI), OWN_ROOT, UNREAD),
            row(
                    Transition.DEACTIVATE,
                    EnumSet.of(INITIAL, ACTIVATED, PASSIVE_INIT, PASSIVE, FP32),
                    to(DEACTIVATED),
                    OWN_ROOT,
                    UNREAD),
            row(Transition.REACTIVATE, EnumSet.of(DEACTIVATED), new Goal.Former()),
            row(Transition.SUSPEND, EnumSet.complementOf(EnumSet.of(DEQUANTIZED)), to(DEQUANTIZED)),
            row(Transition.RESUME, EnumSet.of(DEQUANTIZED), new Goal.Former()),
            row(
                    Transition.REVISE,
                    EnumSet.of(INITIAL, PASSIVE_INIT),
                    new Goal.Same(),
                    OWN_ROOT,
                    SAME_GRANULARITY,
                    NOT_PRESCRIBED));

    private TransitionTable() {}

    private static Row row(Transition verb, Set<QuantizationState> from, Goal goal, Precondition... guards) {
        return new Row(verb, from, goal, List.of(guards));
    }

    private static Goal to(QuantizationState state) {
        return new Goal.To(state);
    }

    public static List<Row> rows() {
        return ROWS;
    }

    public static Optional<Row> find(Transition verb, QuantizationState from) {
        return ROWS.stream()
                .filter(r -> r.verb() == verb && r.from().contains(from))
                .findFirst();
    }

    /** Verbs that may be asked of a config in this state. */
    public static Set<Transition> legal(QuantizationState from) {
        Set<Transition> verbs = EnumSet.noneOf(Transition.class);
        ROWS.stream().filter(r -> r.from().contains(from)).forEach(r -> verbs.add(r.verb()));
        return verbs;
    }
}
