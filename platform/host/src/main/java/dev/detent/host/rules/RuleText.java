package dev.detent.host.rules;

import dev.detent.host.problem.RuleProblems;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rules as typed on the command line, brought into the form that a settings file has. {@code MATCH -> SETTING …}, where
 * a match is {@code type:Conv,Gemm}, {@code node:/head/**}, {@code tensor:logits}, {@code slot:bias},
 * {@code between:a..b} or a bare name, any number of them with spaces between, and a setting is {@code name=value}.
 * Quotes hold what has spaces or commas together. docs/rules.md has the whole grammar.
 */
public final class RuleText {

    private static final String ARROW = "->";

    private RuleText() {}

    /** {@code --rule 'MATCH -> SETTINGS'}. */
    public static Rule rule(String text) {
        Rule.Source source = source("--rule", text);
        int arrow = text.indexOf(ARROW);
        if (arrow < 0) {
            throw new UserException(
                    RuleProblems.TEXT,
                    "'" + text + "' is not MATCH -> SETTINGS, as in 'type:Conv slot:bias -> state=initial'",
                    "--rule");
        }
        Map<String, Object> rule = new LinkedHashMap<>();
        rule.put("match", match(text.substring(0, arrow), source));
        for (String word : words(text.substring(arrow + ARROW.length()), source)) {
            int equals = word.indexOf('=');
            if (equals <= 0 && !word.equals("off")) {
                throw new UserException(
                        RuleProblems.TEXT,
                        "'" + word + "' in '" + text + "' is not a setting; write name=value, as in bits=16",
                        "--rule");
            }
            put(rule, word.equals("off") ? "state" : word.substring(0, equals), word.substring(equals + 1));
        }
        return new RuleReader(source).rule(rule);
    }

    /** {@code --keep-float MATCH}. */
    public static Rule keepFloat(String match) {
        Rule.Source source = source("--keep-float", match);
        return new RuleReader(source).rule(Map.of("match", match(match, source), "keep", "float"));
    }

    /** {@code --bits N=MATCH}. */
    public static Rule bits(String text) {
        Rule.Source source = source("--bits", text);
        int equals = text.indexOf('=');
        if (equals <= 0) {
            throw new UserException(
                    RuleProblems.TEXT,
                    "'" + text + "' is not N=MATCH, as in 16=node:/head/** or 4=slot:weight",
                    "--bits");
        }
        return new RuleReader(source)
                .rule(Map.of(
                        "match",
                        match(text.substring(equals + 1), source),
                        "bits",
                        text.substring(0, equals).trim()));
    }

    private static Rule.Source source(String option, String text) {
        return new Rule.Source("the command line", option + " '" + text + "'");
    }

    /** {@code weights.bits=4} sets {@code bits} in the map {@code weights}. */
    private static void put(Map<String, Object> rule, String key, String value) {
        int dot = key.indexOf('.');
        if (dot < 0) {
            rule.put(key, value);
        } else if (rule.computeIfAbsent(key.substring(0, dot), k -> new LinkedHashMap<String, Object>())
                instanceof Map<?, ?> inner) {
            Map<String, Object> longer = new LinkedHashMap<>();
            inner.forEach((k, v) -> longer.put(String.valueOf(k), v));
            longer.put(key.substring(dot + 1), value);
            rule.put(key.substring(0, dot), longer);
        }
    }

    /** A match as a map of lists. */
    static Map<String, Object> match(String text, Rule.Source source) {
        Map<String, Object> match = new LinkedHashMap<>();
        for (String word : words(text, source)) {
            int colon = word.indexOf(':');
            String key = colon < 0 ? "" : word.substring(0, colon);
            if (RuleReader.MATCH_KEYS.contains(key) && !key.equals("name")) {
                append(match, key, list(word.substring(colon + 1)));
            } else {
                append(match, "name", list(word));
            }
        }
        return match;
    }

    private static void append(Map<String, Object> match, String key, List<String> more) {
        List<String> all = new ArrayList<>();
        if (match.get(key) instanceof List<?> before) {
            before.forEach(b -> all.add(String.valueOf(b)));
        }
        all.addAll(more);
        match.put(key, all);
    }

    /** Splits at spaces that no quotes or parentheses hold; quotes stay. */
    private static List<String> words(String text, Rule.Source source) {
        return split(text, ' ', source).stream().filter(w -> !w.isEmpty()).toList();
    }

    /** Splits at commas; quotes go. */
    static List<String> list(String text) {
        return split(text, ',', new Rule.Source("", text)).stream()
                .map(w -> w.replace("\"", "").trim())
                .filter(w -> !w.isEmpty())
                .toList();
    }

    private static List<String> split(String text, char at, Rule.Source source) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        boolean quoted = false;
        int depth = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            quoted ^= c == '"';
            depth += quoted ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == at && !quoted && depth <= 0) {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        if (quoted) {
            throw new UserException(RuleProblems.TEXT, "a quote in '" + text + "' is not closed", source.label());
        }
        parts.add(part.toString());
        return parts;
    }
}
