package dev.detent.host.plan;

import dev.detent.spi.option.Options;
import dev.detent.spi.pass.PassDefinition;
import java.util.List;

/** An ordered, explained choice of passes. */
public record Plan(String dispatcher, List<Step> steps) {

    /**
     * @param plugin id and version of the plugin the pass comes from
     * @param reason why it is here and at this place
     */
    public record Step(PassDefinition pass, String plugin, Options options, String reason) {
        public String id() {
            return pass.descriptor().id();
        }
    }

    public Plan {
        steps = List.copyOf(steps);
    }
}
