package dev.detent.host.job;

import dev.detent.host.search.CostModel.Width;
import dev.detent.host.search.Goal;
import dev.detent.host.search.SearchSpace;
import dev.detent.spi.graph.Node;
import java.util.Locale;
import java.util.stream.Collectors;

/** A mix as a file of rules that a person can keep, change, and give to {@code --config}. */
final class MixText {

    private MixText() {}

    static String rules(TuneTrial trial, SearchSpace space, Goal goal) {
        StringBuilder text = new StringBuilder();
        line(text, "# Found by 'detent tune' for the goal: %s", goal);
        line(text, "# In simulation on the evaluation data: %s", trial.shown());
        line(
                text,
                "# %d of %d groups of nodes are wider than the target's own rules say; %.1f %% of the multiply-adds are in 8 bits.",
                trial.groups(),
                space.groups().size(),
                100 * trial.in8Bits());
        if (trial.groups() == 0) {
            line(text, "rules: []");
            return text.toString();
        }
        line(text, "rules:");
        for (int g : trial.trial().mix().promoted()) {
            line(text, "  # %s", space.why(g));
            line(
                    text,
                    "  - {match: {node: [%s]}, %s}",
                    space.groups().get(g).nodes().stream()
                            .map(Node::name)
                            .map(MixText::quoted)
                            .collect(Collectors.joining(", ")),
                    space.width(trial.trial().mix(), g) == Width.FLOAT ? "keep: float" : "bits: 16");
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    /** A YAML string in double quotes. */
    private static String quoted(String name) {
        StringBuilder text = new StringBuilder("\"");
        name.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                text.append('\\').appendCodePoint(c);
            } else if (c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x2028 || c == 0x2029) {
                text.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                text.appendCodePoint(c);
            }
        });
        return text.append('"').toString();
    }
}
