package dev.detent.kernel;

import static dev.detent.spi.quant.QuantizationState.*;

import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Transition;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The legal transitions, as data. docs/state-machine.md is written from it. */
public final class TransitionTable {

    /** Where a transition leads. */
    public enum Goal {
        STATE,
        SAME,
        FORMER
    }

    /**
     * @param from states the row applies to
     * @param goal a fixed state, the same state, or the state held before the config was switched off
     * @param to the fixed state when goal is STATE
     * @param guard what must hold besides, in words; the kernel checks it
     */
    public record Row(
            Transition verb, Set<QuantizationState> from, Goal goal, Optional<QuantizationState> to, String guard) {}

    private static final Set<QuantizationState> ANY_BUT_DEQUANTIZED = EnumSet.complementOf(EnumSet.of(DEQUANTIZED));

    private static final List<Row> ROWS = List.of(
            row(Transition.CALIBRATE, EnumSet.of(INITIAL), ACTIVATED, "own root; parameters fit the scheme"),
            row(Transition.RECALIBRATE, EnumSet.of(ACTIVATED), INITIAL, "own root"),
            row(Transition.RECALIBRATE, EnumSet.of(PASSIVE), PASSIVE_INIT, "own root"),
            row(
                    Transition.OVERLAP,
                    EnumSet.of(INITIAL, OVERLAPPED),
                    OVERLAPPED,
                    "the head of the config's group is INITIAL too and moves with it; nothing happens when both share a root"),
            row(
                    Transition.ENSLAVE,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    SLAVE,
                    "the master is ACTIVATED, OVERLAPPED or SLAVE; no cycle"),
            row(
                    Transition.ENSLAVE_GROUP,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    SLAVE,
                    "moves the group's head, the config itself keeps its state; the master is ACTIVATED, OVERLAPPED or SLAVE; no cycle"),
            row(
                    Transition.LEAD,
                    EnumSet.of(ACTIVATED, OVERLAPPED, SLAVE),
                    ACTIVATED,
                    "becomes its own root; parameters fit the scheme"),
            row(Transition.AWAIT, EnumSet.of(INITIAL), PASSIVE_INIT, "own root"),
            row(Transition.DERIVE, EnumSet.of(PASSIVE_INIT, PASSIVE), PASSIVE, "own root; parameters fit the scheme"),
            row(Transition.BAKE, EnumSet.of(ACTIVATED), BAKED, "a parameter with one consumer"),
            row(Transition.BAKE, EnumSet.of(PASSIVE), PASSIVE_BAKED, "a parameter with one consumer"),
            row(Transition.KEEP_FLOAT, EnumSet.of(INITIAL), FP32, "own root"),
            row(Transition.MARK_SHAPE, EnumSet.of(INITIAL), SOI, "own root"),
            row(
                    Transition.DEACTIVATE,
                    EnumSet.of(INITIAL, ACTIVATED, PASSIVE_INIT, PASSIVE, FP32),
                    DEACTIVATED,
                    "own root"),
            new Row(Transition.REACTIVATE, EnumSet.of(DEACTIVATED), Goal.FORMER, Optional.empty(), ""),
            row(Transition.SUSPEND, ANY_BUT_DEQUANTIZED, DEQUANTIZED, "inside a scope"),
            new Row(Transition.RESUME, EnumSet.of(DEQUANTIZED), Goal.FORMER, Optional.empty(), "end of the scope"),
            new Row(
                    Transition.REVISE,
                    EnumSet.of(INITIAL, PASSIVE_INIT),
                    Goal.SAME,
                    Optional.empty(),
                    "own root; same granularity"));

    private TransitionTable() {}

    private static Row row(Transition verb, Set<QuantizationState> from, QuantizationState to, String guard) {
        return new Row(verb, from, Goal.STATE, Optional.of(to), guard);
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
