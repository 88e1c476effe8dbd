package dev.detent.host.settings;

import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.SettingsProblems;
import dev.detent.host.rules.KnownRanges;
import dev.detent.host.rules.Rule;
import dev.detent.host.rules.Setting;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.option.Option;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a person changes about a target's profile, from {@code --set pass.option=value} and from the key {@code set} of
 * a {@link SettingsFile}. Names are the same in both; a misspelt one is an error with a suggestion.
 *
 * @param options pass (or observer, or exporter) id to option to value
 * @param enabled passes added to the profile
 * @param disabled passes taken out of it
 * @param dispatcher strategy instead of the profile's; empty for none
 * @param rules what is set for single nodes and tensors, in order
 * @param effort what is added to the profile, or left out of it, before all that
 * @param prefer what the profile is to weigh most, where a person said so
 */
public record Settings(
        Map<String, Map<String, Object>> options,
        List<String> enabled,
        List<String> disabled,
        String dispatcher,
        List<Rule> rules,
        Effort effort,
        Optional<Prefer> prefer) {

    /** Option of passes that judge outputs. */
    private static final String CORRECTED = "corrected-biases";

    public static final Settings NONE =
            new Settings(Map.of(), List.of(), List.of(), "", List.of(), Effort.BALANCED, Optional.empty());

    /** Adds rules behind those there are; later ones count more. */
    public Settings with(List<Rule> more) {
        List<Rule> longer = new ArrayList<>(rules);
        longer.addAll(more);
        return new Settings(options, enabled, disabled, dispatcher, List.copyOf(longer), effort, prefer);
    }

    /** The same, weighing something most. */
    public Settings with(Prefer most) {
        return new Settings(options, enabled, disabled, dispatcher, rules, effort, Optional.of(most));
    }

    /** The same with another effort. */
    public Settings with(Effort other) {
        return new Settings(options, enabled, disabled, dispatcher, rules, other, prefer);
    }

    /**
     * Adds one {@code pass.option=value}; the value {@code off} or {@code on} for a bare pass id takes it out or adds
     * it.
     */
    public Settings with(String assignment) {
        String[] pair = assignment.split("=", 2);
        int dot = pair[0].indexOf('.');
        if (pair.length == 2 && dot < 0 && pair[0].equals("dispatcher") && !pair[1].isBlank()) {
            return new Settings(options, enabled, disabled, pair[1], rules, effort, prefer);
        }
        if (pair.length == 2 && dot < 0 && (pair[1].equals("on") || pair[1].equals("off"))) {
            return pair[1].equals("on")
                    ? new Settings(options, plus(enabled, pair[0]), disabled, dispatcher, rules, effort, prefer)
                    : new Settings(options, enabled, plus(disabled, pair[0]), dispatcher, rules, effort, prefer);
        }
        if (pair.length != 2 || dot <= 0) {
            throw new UserException(
                    SettingsProblems.ASSIGNMENT,
                    "'" + assignment + "' is not pass.option=value, pass=on, pass=off or dispatcher=id",
                    "--set");
        }
        Map<String, Map<String, Object>> changed = new LinkedHashMap<>(options);
        Map<String, Object> of = new LinkedHashMap<>(changed.getOrDefault(pair[0].substring(0, dot), Map.of()));
        of.put(pair[0].substring(dot + 1), pair[1]);
        changed.put(pair[0].substring(0, dot), of);
        return new Settings(changed, enabled, disabled, dispatcher, rules, effort, prefer);
    }

    /** Known ranges take the place of observers; rules count more. */
    public Settings with(KnownRanges ranges) {
        List<Rule> longer = new ArrayList<>(List.of(ranges.asRule()));
        longer.addAll(rules);
        return new Settings(options, enabled, disabled, dispatcher, List.copyOf(longer), effort, prefer);
    }

    /** Ranges are known, so that data are needed for nothing but what passes besides calibration look at. */
    public boolean knowsRanges() {
        return rules.stream().flatMap(r -> r.parts().stream()).anyMatch(p -> p.setting() instanceof Setting.Known);
    }

    private static List<String> plus(List<String> list, String item) {
        List<String> longer = new ArrayList<>(list);
        longer.add(item);
        return longer;
    }

    /** The profile with these changes; option names are checked by the planner, pass names here. */
    public QuantizationRecipe apply(QuantizationRecipe profile, Registry registry) {
        QuantizationRecipe weighed = prefer.map(p -> p.apply(profile)).orElse(profile);
        QuantizationRecipe changed = effort.apply(weighed);
        changed = dispatcher.isEmpty() ? changed : new QuantizationRecipe(dispatcher, changed.passes());
        for (String id : enabled) {
            registry.pass(id);
            changed = changed.passes().containsKey(id) ? changed : changed.with(id);
        }
        for (String id : disabled) {
            registry.pass(id);
            changed = changed.without(id);
        }
        for (Map.Entry<String, Map<String, Object>> e : options.entrySet()) {
            List<Exporter> formats = formats(e.getKey(), registry);
            if (!formats.isEmpty()) {
                // Read again when the target is known; here those of another format are looked at too.
                Exporter knows = formats.stream()
                        .filter(f -> f.options().stream()
                                .map(Option::name)
                                .toList()
                                .containsAll(e.getValue().keySet()))
                        .findFirst()
                        .orElse(formats.get(0));
                Registry.parse("format '" + e.getKey() + "'", e.getKey(), knows.options(), e.getValue());
                continue;
            }
            if (isObserver(e.getKey(), registry)) {
                continue;
            }
            registry.pass(e.getKey());
            if (!changed.passes().containsKey(e.getKey())) {
                throw new UserException(
                        SettingsProblems.PASS_NOT_PLANNED,
                        "pass '" + e.getKey() + "' is not in the plan; add it with --set " + e.getKey() + "=on",
                        "--set");
            }
            Map<String, Object> merged = new LinkedHashMap<>(changed.passes().get(e.getKey()));
            merged.putAll(e.getValue());
            changed = changed.with(e.getKey(), merged);
        }
        return changed.passes().containsKey("bias-correction") ? changed : uncorrected(changed);
    }

    /** Passes that count on biases being corrected do not where nothing corrects them. */
    private static QuantizationRecipe uncorrected(QuantizationRecipe recipe) {
        QuantizationRecipe changed = recipe;
        for (Map.Entry<String, Map<String, Object>> pass : recipe.passes().entrySet()) {
            if (pass.getValue().containsKey(CORRECTED)) {
                Map<String, Object> options = new LinkedHashMap<>(pass.getValue());
                options.put(CORRECTED, false);
                changed = changed.with(pass.getKey(), options);
            }
        }
        return changed;
    }

    /** Options of observers, by observer id. */
    public Map<String, Map<String, Object>> observerOptions(Registry registry) {
        Map<String, Map<String, Object>> of = new LinkedHashMap<>();
        options.forEach((id, values) -> {
            if (isObserver(id, registry)) {
                of.put(id, values);
            }
        });
        return of;
    }

    private static List<Exporter> formats(String id, Registry registry) {
        return registry.targets().stream()
                .flatMap(t -> t.exporters().stream())
                .filter(e -> e.id().equals(id))
                .toList();
    }

    private static boolean isObserver(String id, Registry registry) {
        return registry.observers().stream().anyMatch(o -> o.id().equals(id));
    }
}
