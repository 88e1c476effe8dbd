package dev.detent.host.plan;

import dev.detent.host.rules.Rule;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassRequirement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One step of a {@link Plan}: the host's own, or a pass of a plugin. */
public sealed interface Step {

    /** Plugin of the steps that are Detent's own. */
    String HOST = "detent";

    String id();

    /** Id and version of the plugin that the step comes from. */
    default String plugin() {
        return HOST;
    }

    /** What a person has set, by name. */
    default Options options() {
        return new Options(Map.of());
    }

    /** Why it is here and at this place. */
    String reason();

    /** It needs samples, or statistics of them. */
    default boolean looksAtData() {
        return false;
    }

    /** Brings the model into the form that every other step expects; done once for all targets of a run. */
    record Normalize(String reason) implements Step {
        @Override
        public String id() {
            return HostSteps.NORMALIZE.id();
        }
    }

    /** Decides for every node whether it is quantized, stays float or computes shapes. */
    record Place(String dispatcher, String plugin, String reason) implements Step {
        @Override
        public String id() {
            return HostSteps.PLACE.id();
        }

        @Override
        public Options options() {
            return new Options(Map.of("dispatcher", dispatcher));
        }
    }

    /** Gives every slot of every quantized node a config by the target's rules. */
    record ApplyRules(String reason) implements Step {
        @Override
        public String id() {
            return HostSteps.RULES.id();
        }
    }

    /** Changes configs as a person's rules say, before any pass moves them. */
    record ApplyUserRules(List<Rule> rules, String reason) implements Step {
        @Override
        public String id() {
            return HostSteps.USER_RULES.id();
        }

        @Override
        public Options options() {
            Map<String, Object> texts = new LinkedHashMap<>();
            rules.forEach(r -> texts.put(r.source().label(), r.match() + " -> " + r.words()));
            return new Options(texts);
        }
    }

    /** Runs a pass of a plugin. */
    record RunPass(PassDefinition pass, String plugin, Options options, String reason) implements Step {
        @Override
        public String id() {
            return pass.descriptor().id();
        }

        @Override
        public boolean looksAtData() {
            return pass.descriptor().needs().contains(PassRequirement.SAMPLES)
                    || pass.descriptor().needs().contains(PassRequirement.STATISTICS);
        }
    }

    /** Closes the model: every config must be settled, and nothing changes it any more. */
    record Freeze(String reason) implements Step {
        @Override
        public String id() {
            return HostSteps.FREEZE.id();
        }
    }
}
