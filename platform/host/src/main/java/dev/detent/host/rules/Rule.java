package dev.detent.host.rules;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A person's rule, or one that code makes: where it holds, what it sets, who said so. Rules are applied in order, after
 * the target's own and before any pass; where two set the same thing, the later one counts. Immutable.
 */
public record Rule(Match match, List<Part> parts, Source source) {

    /** A setting, and what a slot must be to its node to get it. */
    public record Part(Set<SlotRole> roles, Setting setting) {
        /** Copies the set. */
        public Part {
            roles = Set.copyOf(roles);
        }
    }

    /**
     * Who said so.
     *
     * @param place the file, or {@code the command line}: rules of one place are written with one another in mind
     * @param label for people, e.g. {@code rule 3 of detent.yaml} or {@code --keep-float Softmax}
     */
    public record Source(String place, String label) {
        @Override
        public String toString() {
            return label;
        }
    }

    /** Copies the list. */
    public Rule {
        parts = List.copyOf(parts);
    }

    /**
     * A rule whose settings go where they usually do: keeping float and switching off to every slot that is matched, a
     * bias's state to biases, number formats and observers to inputs and outputs, or to the slots that the match names.
     */
    public static Rule of(Match match, Source source, Setting... settings) {
        return new Rule(
                match,
                Arrays.stream(settings).map(s -> new Part(usual(match, s), s)).toList(),
                source);
    }

    static Set<SlotRole> usual(Match match, Setting setting) {
        if (!match.slots().isEmpty()) {
            return match.slots();
        }
        if (setting instanceof Setting.BiasState) {
            return Set.of(SlotRole.BIAS);
        }
        return setting.topic() == Setting.Topic.STATE ? SlotRole.ALL : SlotRole.ACTIVATIONS;
    }

    /** What it sets, as a person would type it. */
    public String words() {
        return Setting.words(parts.stream().map(Part::setting).toList());
    }

    @Override
    public String toString() {
        return source + " (" + match + " -> " + words() + ")";
    }
}
