package dev.detent.host.plan;

import dev.detent.host.rules.Rule;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import java.util.List;

/** The host's own steps in the words of passes, so that one rule orders both. */
final class HostSteps {

    static final PassDescriptor NORMALIZE = PassDescriptor.of(
                    "normalize", "constants as initializers, batch norms folded, opset raised, shapes inferred")
            .establishes(Fact.FORMATTED)
            .editsGraph()
            .build();

    static final PassDescriptor PLACE = PassDescriptor.of("place", "gives every node its side")
            .requires(Fact.FORMATTED)
            .establishes(Fact.DISPATCHED)
            .build();

    static final PassDescriptor RULES = PassDescriptor.of("rules", "gives every slot of a quantized node its config")
            .requires(Fact.DISPATCHED)
            .establishes(Fact.RULES_APPLIED)
            .build();

    /** In a plan only where a person has rules. */
    static final PassDescriptor USER_RULES = PassDescriptor.of("user-rules", "changes configs as a person's rules say")
            .requires(Fact.DISPATCHED)
            .establishes(Fact.RULES_APPLIED)
            .after("rules", "they change what the target's rules say")
            .build();

    static final PassDescriptor FREEZE = PassDescriptor.of(
                    "freeze", "every config is settled; nothing changes any more")
            .establishes(Fact.EXPORTABLE)
            .build();

    static final List<PassDescriptor> ALL = List.of(NORMALIZE, PLACE, RULES, USER_RULES, FREEZE);

    private HostSteps() {}

    /** Those of a plan: all, but for the step of rules that nobody has. */
    static List<PassDescriptor> of(List<Rule> rules) {
        return ALL.stream().filter(s -> s != USER_RULES || !rules.isEmpty()).toList();
    }

    static boolean contains(String id) {
        return ALL.stream().anyMatch(s -> s.id().equals(id));
    }
}
