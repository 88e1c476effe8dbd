package dev.detent.host.rules;

import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.problem.RuleProblems;
import dev.detent.host.rules.Match.Between;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One rule as a settings file has it: a map with {@code match} and what is set. Every mistake is one sentence. */
public final class RuleReader {

    static final List<String> MATCH_KEYS = List.of("type", "node", "tensor", "name", "slot", "between");

    private static final List<String> FORMAT_KEYS =
            List.of("bits", "signed", "symmetric", "per-channel", "system", "observer", "range", "scale", "zero-point");
    private static final List<String> KEYS = List.of(
            "match",
            "keep",
            "state",
            "weights",
            "activations",
            "bits",
            "signed",
            "symmetric",
            "per-channel",
            "system",
            "observer",
            "range",
            "scale",
            "zero-point");

    private final Rule.Source source;

    RuleReader(Rule.Source source) {
        this.source = source;
    }

    /** The rules of a settings file: a list of maps. */
    public static List<Rule> list(Object yaml, String file) {
        if (!(yaml instanceof List<?> list)) {
            throw new UserException(
                    RuleProblems.FORM, "'rules' must be a list, as in '- {match: {type: Softmax}, keep: float}'", file);
        }
        List<Rule> rules = new ArrayList<>();
        for (Object rule : list) {
            Rule.Source source = new Rule.Source(file, "rule " + (rules.size() + 1) + " of " + file);
            rules.add(new RuleReader(source).rule(rule));
        }
        return rules;
    }

    Rule rule(Object yaml) {
        Map<String, Object> map = map(yaml, "a rule");
        known(map, KEYS, "");
        Match match = match(map.get("match"));
        List<Rule.Part> parts = new ArrayList<>();
        state(map, match).ifPresent(parts::add);
        format(map, "").forEach(s -> parts.add(new Rule.Part(Rule.usual(match, s), s)));
        nested(map, "activations", SlotRole.ACTIVATIONS, match, parts);
        nested(map, "weights", Set.of(SlotRole.WEIGHT), match, parts);
        if (parts.isEmpty()) {
            throw wrong(RuleProblems.NOTHING_SET, "sets nothing; write 'keep: float', 'bits: 16' or another setting");
        }
        boolean unquantized = parts.stream()
                .anyMatch(p -> p.setting() instanceof Setting.KeepFloat || p.setting() instanceof Setting.SwitchOff);
        if (unquantized && parts.size() > 1) {
            throw wrong(
                    RuleProblems.SELF_CONTRADICTION,
                    "contradicts itself: what stays float has no "
                            + Setting.words(parts.stream()
                                    .map(Rule.Part::setting)
                                    .filter(s -> s.topic() != Setting.Topic.STATE)
                                    .toList())
                            + "; make it two rules with different matches");
        }
        return new Rule(match, parts, source);
    }

    private void nested(Map<String, Object> map, String key, Set<SlotRole> roles, Match match, List<Rule.Part> parts) {
        if (!map.containsKey(key)) {
            return;
        }
        Set<SlotRole> some = EnumSet.copyOf(roles);
        if (!match.slots().isEmpty()) {
            some.retainAll(match.slots());
        }
        if (some.isEmpty()) {
            throw wrong(RuleProblems.FORM, "sets '" + key + "', but matches slot " + match.slots() + " only");
        }
        Map<String, Object> settings = map(map.get(key), "'" + key + "'");
        known(settings, FORMAT_KEYS, key + ".");
        format(settings, key + ".").forEach(s -> parts.add(new Rule.Part(some, s)));
    }

    private Match match(@Nullable Object yaml) {
        if (yaml == null) {
            throw wrong(RuleProblems.FORM, "has no 'match', as in 'match: {type: Softmax}'");
        }
        Map<String, Object> map = yaml instanceof String text ? RuleText.match(text, source) : map(yaml, "'match'");
        known(map, MATCH_KEYS, "match.");
        EnumSet<SlotRole> slots = EnumSet.noneOf(SlotRole.class);
        texts(map, "slot").forEach(s -> slots.add(slot(s)));
        Match match = new Match(
                texts(map, "type"), texts(map, "node"), texts(map, "tensor"), texts(map, "name"), slots, between(map));
        if (match.isEmpty()) {
            throw wrong(RuleProblems.FORM, "matches by nothing; for every node write 'match: {node: \"**\"}'");
        }
        return match;
    }

    private SlotRole slot(String text) {
        for (SlotRole role : SlotRole.values()) {
            if (role.toString().equals(text)) {
                return role;
            }
        }
        throw wrong(RuleProblems.FORM, "has the slot '" + text + "'; a slot is input, weight, bias or output");
    }

    /** {@code [a, b]}, {@code [[a, b], c]}, or {@code a..b}. */
    private Optional<Between> between(Map<String, Object> map) {
        Object value = map.get("between");
        if (value == null) {
            return Optional.empty();
        }
        List<?> ends = value instanceof List<?> l ? l : List.of(value);
        if (ends.size() == 1 && String.valueOf(ends.get(0)).contains("..")) {
            String[] parts = String.valueOf(ends.get(0)).split("\\.\\.", 2);
            ends = List.of(RuleText.list(parts[0]), RuleText.list(parts[1]));
        }
        if (ends.size() != 2) {
            throw wrong(RuleProblems.FORM, "'between' takes two tensors, as in between: [features, logits]");
        }
        return Optional.of(new Between(texts(ends.get(0)), texts(ends.get(1))));
    }

    private Optional<Rule.Part> state(Map<String, Object> map, Match match) {
        Object keep = map.get("keep");
        Object state = map.get("state");
        if (keep != null && !keep.equals("float")) {
            throw wrong(RuleProblems.FORM, "'keep' can only be float, not '" + keep + "'");
        }
        if (keep != null && state != null) {
            throw wrong(RuleProblems.SELF_CONTRADICTION, "contradicts itself: it sets both 'keep' and 'state'");
        }
        if (keep == null && state == null) {
            return Optional.empty();
        }
        Setting setting = state == null ? new Setting.KeepFloat() : state(state, match);
        return Optional.of(new Rule.Part(Rule.usual(match, setting), setting));
    }

    /** YAML reads a bare {@code off} as false. */
    private Setting state(Object state, Match match) {
        String word = state.equals(false) ? "off" : String.valueOf(state).toLowerCase(Locale.ROOT);
        boolean bias = match.slots().equals(Set.of(SlotRole.BIAS));
        if (word.equals("float")) {
            return new Setting.KeepFloat();
        }
        if (word.equals("off") && !bias) {
            return new Setting.SwitchOff();
        }
        if (word.equals("passive") || word.equals("initial")) {
            if (match.slots().isEmpty() || bias) {
                return new Setting.BiasState(word.equals("initial") ? InitialState.INITIAL : InitialState.PASSIVE_INIT);
            }
            throw wrong(
                    RuleProblems.STATE,
                    "sets the state '" + word + "' at slots " + match.slots()
                            + "; only a bias starts so: add slot: bias, or set 'keep: float' or 'state: off'");
        }
        throw wrong(
                RuleProblems.STATE,
                "sets the state '" + word + "'; a bias starts passive (scale = input x weight, so that it adds to the "
                        + "integer sums), initial (a scale of its own) or float, and any other slot may be float or "
                        + "off: every other state is for calibration and passes to reach, not to start in");
    }

    private List<Setting> format(Map<String, Object> map, String prefix) {
        List<Setting> settings = new ArrayList<>();
        if (map.containsKey("bits")) {
            int bits = whole(prefix + "bits", map.get("bits"));
            if (bits < 2 || bits > 32) {
                throw wrong(RuleProblems.VALUE, "'" + prefix + "bits' must be 2 to 32, not " + bits);
            }
            settings.add(new Setting.Bits(bits));
        }
        flag(map, prefix, "signed").ifPresent(v -> settings.add(new Setting.Signed(v)));
        flag(map, prefix, "symmetric").ifPresent(v -> settings.add(new Setting.Symmetric(v)));
        flag(map, prefix, "per-channel").ifPresent(v -> settings.add(new Setting.PerChannel(v)));
        if (map.containsKey("system")) {
            settings.add(new Setting.InSystem(String.valueOf(map.get("system"))));
        }
        List<Setting> parameters = new ArrayList<>();
        if (map.containsKey("observer")) {
            parameters.add(observer(map.get("observer")));
        }
        if (map.containsKey("range")) {
            parameters.add(new Setting.FixedRange(range(map.get("range"))));
        }
        if (map.containsKey("scale")) {
            parameters.add(encoding(map.get("scale"), map.get("zero-point")));
        } else if (map.containsKey("zero-point")) {
            throw wrong(RuleProblems.VALUE, "sets a zero point without a scale");
        }
        if (parameters.size() > 1) {
            throw wrong(
                    RuleProblems.SELF_CONTRADICTION,
                    "contradicts itself: observer, range and scale each decide the parameters; keep one of them");
        }
        settings.addAll(parameters);
        return settings;
    }

    /** {@code percentile}, {@code percentile(percentile=0.999)} or {@code {percentile: {percentile: 0.999}}}. */
    private Setting observer(Object yaml) {
        if (yaml instanceof Map<?, ?>) {
            Map<String, Object> map = map(yaml, "'observer'");
            if (map.size() != 1) {
                throw wrong(RuleProblems.VALUE, "'observer' names one observer, as in observer: {percentile: {…}}");
            }
            Map.Entry<String, Object> e = map.entrySet().iterator().next();
            return new Setting.Observe(e.getKey(), map(e.getValue(), "the options of '" + e.getKey() + "'"));
        }
        String text = String.valueOf(yaml).trim();
        int open = text.indexOf('(');
        if (open < 0 || !text.endsWith(")")) {
            return new Setting.Observe(text, Map.of());
        }
        Map<String, Object> options = new LinkedHashMap<>();
        for (String option : RuleText.list(text.substring(open + 1, text.length() - 1))) {
            String[] pair = option.split("=", 2);
            if (pair.length != 2) {
                throw wrong(RuleProblems.VALUE, "'" + option + "' is not option=value of observer '" + text + "'");
            }
            options.put(pair[0].trim(), pair[1].trim());
        }
        return new Setting.Observe(text.substring(0, open).trim(), options);
    }

    private Range range(Object yaml) {
        List<String> ends = yaml instanceof List<?> l
                ? l.stream().map(String::valueOf).toList()
                : List.of(String.valueOf(yaml).split("\\.\\.", 2));
        if (ends.size() != 2) {
            throw wrong(RuleProblems.VALUE, "'range' takes two numbers, as in range: [-8, 8] or range=-8..8");
        }
        double low = number("range", ends.get(0));
        double high = number("range", ends.get(1));
        if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
            throw wrong(
                    RuleProblems.VALUE, "'range' goes from a number to a larger one, not from " + low + " to " + high);
        }
        return new Range(low, high);
    }

    private Setting encoding(Object scale, @Nullable Object zeroPoint) {
        List<String> scales = texts(scale);
        List<String> zeroPoints = zeroPoint == null ? List.of() : texts(zeroPoint);
        if (zeroPoints.size() > 1 && zeroPoints.size() != scales.size()) {
            throw wrong(RuleProblems.VALUE, scales.size() + " scales and " + zeroPoints.size() + " zero points");
        }
        float[] s = new float[scales.size()];
        float[] z = new float[scales.size()];
        for (int i = 0; i < s.length; i++) {
            s[i] = (float) number("scale", scales.get(i));
            z[i] = zeroPoints.isEmpty() ? 0 : whole("zero-point", zeroPoints.get(zeroPoints.size() == 1 ? 0 : i));
        }
        try {
            return new Setting.FixedEncoding(new QuantizationParameters(s, z));
        } catch (IllegalArgumentException e) {
            throw new UserException(RuleProblems.VALUE, String.valueOf(e.getMessage()), source.label(), e);
        }
    }

    private Optional<Boolean> flag(Map<String, Object> map, String prefix, String key) {
        if (!map.containsKey(key)) {
            return Optional.empty();
        }
        String text = String.valueOf(map.get(key));
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(RuleProblems.VALUE, "'" + prefix + key + "' is true or false, not '" + text + "'");
        }
        return Optional.of(Boolean.valueOf(text));
    }

    private int whole(String key, Object value) {
        try {
            return Integer.parseInt(String.valueOf(value).trim());
        } catch (NumberFormatException e) {
            throw new UserException(
                    RuleProblems.VALUE, "'" + key + "' is a whole number, not '" + value + "'", source.label(), e);
        }
    }

    private double number(String key, String value) {
        try {
            return Double.parseDouble(value.trim());
        } catch (NumberFormatException e) {
            throw new UserException(
                    RuleProblems.VALUE, "'" + key + "' is a number, not '" + value + "'", source.label(), e);
        }
    }

    private List<String> texts(Map<String, Object> map, String key) {
        return map.containsKey(key) ? texts(map.get(key)) : List.of();
    }

    private static List<String> texts(Object value) {
        return value instanceof List<?> l ? l.stream().map(String::valueOf).toList() : List.of(String.valueOf(value));
    }

    private Map<String, Object> map(Object yaml, String what) {
        if (!(yaml instanceof Map<?, ?> map)) {
            throw wrong(RuleProblems.FORM, what + " must be a map, not '" + yaml + "'");
        }
        Map<String, Object> typed = new LinkedHashMap<>();
        map.forEach((k, v) -> {
            if (v != null) {
                typed.put(String.valueOf(k), v);
            }
        });
        return typed;
    }

    private void known(Map<String, Object> map, List<String> known, String prefix) {
        for (String key : map.keySet()) {
            if (!known.contains(key)) {
                throw wrong(
                        RuleProblems.FORM,
                        "has the unknown key '" + prefix + key + "'" + DidYouMean.among(key, known) + "; known are "
                                + known);
            }
        }
    }

    private UserException wrong(ProblemType type, String sentence) {
        return new UserException(type, sentence, source.label());
    }
}
