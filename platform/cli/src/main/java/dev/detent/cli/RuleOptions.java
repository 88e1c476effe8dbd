package dev.detent.cli;

import dev.detent.host.rules.Rule;
import dev.detent.host.rules.RuleText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** A person's rules as options, in the order in which they were typed; behind those of a settings file. */
final class RuleOptions {

    /** An option as typed; read when asked for, because picocli does not let a sentence through. */
    private record Typed(String text, Function<String, Rule> reader) {}

    private final List<Typed> typed = new ArrayList<>();
    private final Map<String, Integer> seen = new HashMap<>();

    @Option(
            names = "--keep-float",
            paramLabel = "MATCH",
            description =
                    "keep these in float: a node or tensor name or pattern, an operator type, node:, type:, tensor:, "
                            + "slot:, between:a..b; repeatable")
    void keepFloat(List<String> matches) {
        add("--keep-float", matches, RuleText::keepFloat);
    }

    @Option(
            names = "--bits",
            paramLabel = "N=MATCH",
            description = "give these N bits, as in 16=node:/head/** or 4=slot:weight; repeatable")
    void bits(List<String> texts) {
        add("--bits", texts, RuleText::bits);
    }

    @Option(
            names = "--rule",
            paramLabel = "RULE",
            description = "'MATCH -> SETTING ...', as in 'tensor:logits -> range=-8..8'; repeatable")
    void rule(List<String> texts) {
        add("--rule", texts, RuleText::rule);
    }

    /** Of an option given again, picocli hands over the earlier values once more. */
    private void add(String option, List<String> texts, Function<String, Rule> reader) {
        texts.subList(seen.getOrDefault(option, 0), texts.size()).forEach(t -> typed.add(new Typed(t, reader)));
        seen.put(option, texts.size());
    }

    List<Rule> rules() {
        return typed.stream().map(t -> t.reader().apply(t.text())).toList();
    }
}
