package dev.detent.cli;

import dev.detent.host.Detent;
import dev.detent.host.settings.Effort;
import dev.detent.host.settings.Settings;
import dev.detent.host.settings.SettingsFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a command changes about a target's profile: what its settings file says, and over that what was typed. */
final class CommandSettings {

    private CommandSettings() {}

    /**
     * Of every command with {@code --config}, so that they all mean the same by the same file.
     *
     * @param set assignments, those of {@code --set}
     * @param effort as typed; otherwise the file says it
     * @param ranges as typed; otherwise the file says it
     */
    static Settings of(
            SettingsFile file, List<String> set, RuleOptions rules, Optional<Effort> effort, Optional<Path> ranges) {
        Settings settings = file.settings();
        for (String s : set) {
            settings = settings.with(s);
        }
        settings = settings.with(rules.rules())
                .with(effort.or(() -> file.text("effort").map(EffortConverter::parse))
                        .orElse(Effort.BALANCED));
        Optional<Path> known = ranges.or(() -> file.path("ranges"));
        return known.isPresent() ? settings.with(Detent.ranges(known.get())) : settings;
    }
}
