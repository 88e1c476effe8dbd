package dev.detent.kernel;

import dev.detent.kernel.TransitionTable.Goal;
import dev.detent.kernel.TransitionTable.Row;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Transition;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** docs/state-machine.md, written from the transition table, its guards and the states' own questions. */
final class StateMachineDoc {

    private final StringBuilder text = new StringBuilder();

    private StateMachineDoc() {}

    static String markdown() {
        StateMachineDoc doc = new StateMachineDoc();
        doc.states();
        doc.transitions();
        doc.picture();
        doc.legalVerbs();
        return doc.text.toString();
    }

    private void states() {
        text.append("""
                # The state machine

                Every slot of a quantized node has a config, and every config is in one of twelve states. A pass moves it by a verb; there
                is no other way. The kernel looks the verb up in `TransitionTable` and evaluates the guards of the row it finds; the first
                that does not hold is the reason of the refusal. A refused verb has changed nothing, an accepted one has a line in the
                journal. This page is written from those objects by `StateMachineDoc`; a test compares. To accept a change of the table run
                `mvn -pl platform/kernel -am test -Ddetent.golden=accept`.

                ## States

                """);
        row("state", "number", "quantizes", "written", "settled", "lends its scale", "can lead", "can cover");
        text.append("|---|---|---|---|---|---|---|---|\n");
        for (QuantizationState s : QuantizationState.values()) {
            row(
                    s,
                    s.code(),
                    yes(s.isActive()),
                    yes(s.isWritten()),
                    yes(s.isSettled()),
                    yes(s.lendsScale()),
                    yes(s.canLead()),
                    yes(s.canCover()));
        }
        text.append("\nA rule starts a slot in ")
                .append(names(Arrays.asList(InitialState.values())))
                .append(".\n");
    }

    private void transitions() {
        text.append("""

                ## Transitions

                | verb | from | to | guards |
                |---|---|---|---|
                """);
        for (Row r : TransitionTable.rows()) {
            row(
                    r.verb(),
                    from(r.from()),
                    goal(r.goal()),
                    r.guards().stream().map(Precondition::sentence).collect(Collectors.joining("; ")));
        }
        text.append("""

                For every verb: the pass declared it, its control is still open, and it asks on its own thread. RESUME is the end of a
                SUSPEND scope and needs no declaration of its own; the kernel closes what a pass leaves open, and blames it.

                OVERLAP does nothing when both configs have one root already. ENSLAVE_GROUP moves the head of the config's group; the
                config itself keeps its state. A config that is to follow one that follows it already stays its own root as a SLAVE.
                BAKE writes the initializer's new values itself: it is no edit that a pass must declare.
                """);
    }

    private void picture() {
        text.append("""

                ## Which verb leads from where to where

                ```mermaid
                stateDiagram-v2
                """);
        for (InitialState s : InitialState.values()) {
            text.append("    [*] --> ").append(s.state()).append('\n');
        }
        for (Row r : TransitionTable.rows()) {
            if (r.goal() instanceof Goal.To to && r.verb() != Transition.SUSPEND) {
                for (QuantizationState from : r.from()) {
                    text.append("    ")
                            .append(from)
                            .append(" --> ")
                            .append(to.state())
                            .append(" : ")
                            .append(r.verb())
                            .append('\n');
                }
            }
        }
        text.append("""
                ```

                SUSPEND leads from every state to DEQUANTIZED, RESUME and REACTIVATE back to the former one (INITIAL where a rule started
                the config switched off); REVISE changes the scheme and not the state.
                """);
    }

    private void legalVerbs() {
        text.append("\n## Legal verbs by state\n\n| state | verbs |\n|---|---|\n");
        for (QuantizationState s : QuantizationState.values()) {
            row(s, names(TransitionTable.legal(s)));
        }
    }

    private void row(Object... cells) {
        text.append(Arrays.stream(cells).map(String::valueOf).collect(Collectors.joining(" | ", "| ", " |\n")));
    }

    /** The shorter of the list and of its complement. */
    private static String from(Set<QuantizationState> states) {
        Set<QuantizationState> others = EnumSet.complementOf(EnumSet.copyOf(states));
        return others.size() < states.size() - 1 ? "any but " + names(others) : names(states);
    }

    private static String goal(Goal goal) {
        return goal instanceof Goal.To to
                ? to.state().name()
                : goal instanceof Goal.Same ? "the same" : "the former state";
    }

    private static String names(Collection<? extends Enum<?>> all) {
        return all.stream().map(Enum::name).collect(Collectors.joining(", "));
    }

    private static String yes(boolean b) {
        return b ? "yes" : "";
    }
}
