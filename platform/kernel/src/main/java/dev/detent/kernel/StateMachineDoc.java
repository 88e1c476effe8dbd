package dev.detent.kernel;

import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Transition;
import java.util.Arrays;
import java.util.stream.Collectors;

/** docs/state-machine.md, written from the transition table and the states' own questions. */
public final class StateMachineDoc {

    private StateMachineDoc() {}

    public static String markdown() {
        StringBuilder b = new StringBuilder();
        b.append(
                "# The state machine\n\nWritten from `TransitionTable` by `StateMachineDoc`; a test compares. To accept a change of the table run\n"
                        + "`mvn -pl platform/kernel -am test -Ddetent.golden=accept`.\n\n## States\n\n"
                        + "| state | number | quantizes | written | settled | revisable | lends its scale | can lead |\n|---|---|---|---|---|---|---|---|\n");
        for (QuantizationState s : QuantizationState.values()) {
            b.append("| ")
                    .append(s)
                    .append(" | ")
                    .append(s.code())
                    .append(" | ")
                    .append(yes(s.isActive()))
                    .append(" | ")
                    .append(yes(s.isWritten()))
                    .append(" | ")
                    .append(yes(s.isSettled()))
                    .append(" | ")
                    .append(yes(s.isRevisable()))
                    .append(" | ")
                    .append(yes(s.lendsScale()))
                    .append(" | ")
                    .append(yes(s.canLead()))
                    .append(" |\n");
        }
        b.append("\n## Transitions\n\n| verb | from | to | guard |\n|---|---|---|---|\n");
        for (TransitionTable.Row r : TransitionTable.rows()) {
            b.append("| ")
                    .append(r.verb())
                    .append(" | ")
                    .append(
                            r.from().size() > 8
                                    ? "any but DEQUANTIZED"
                                    : r.from().stream().map(Enum::name).collect(Collectors.joining(", ")))
                    .append(" | ")
                    .append(goal(r))
                    .append(" | ")
                    .append(r.guard())
                    .append(" |\n");
        }
        b.append(
                "\n## Which verb leads from where to where\n\n```mermaid\nstateDiagram-v2\n    [*] --> INITIAL\n    [*] --> PASSIVE_INIT\n"
                        + "    [*] --> FP32\n    [*] --> SOI\n");
        for (TransitionTable.Row r : TransitionTable.rows()) {
            if (r.goal() == TransitionTable.Goal.STATE && r.verb() != Transition.SUSPEND) {
                r.from()
                        .forEach(f -> b.append("    ")
                                .append(f)
                                .append(" --> ")
                                .append(r.to().orElseThrow())
                                .append(" : ")
                                .append(r.verb())
                                .append('\n'));
            }
        }
        b.append(
                "```\n\nSUSPEND leads from every state to DEQUANTIZED, RESUME and REACTIVATE back to the former one; REVISE changes the scheme and not the"
                        + " state.\n\n## Legal verbs by state\n\n| state | verbs |\n|---|---|\n");
        Arrays.stream(QuantizationState.values())
                .forEach(s -> b.append("| ")
                        .append(s)
                        .append(" | ")
                        .append(TransitionTable.legal(s).stream()
                                .map(Enum::name)
                                .collect(Collectors.joining(", ")))
                        .append(" |\n"));
        return b.toString();
    }

    private static String yes(boolean b) {
        return b ? "yes" : "";
    }

    private static String goal(TransitionTable.Row r) {
        return switch (r.goal()) {
            case STATE -> r.to().orElseThrow().name();
            case SAME -> "the same";
            case FORMER -> "the former state";
        };
    }
}
