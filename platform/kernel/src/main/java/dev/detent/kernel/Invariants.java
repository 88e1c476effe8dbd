package dev.detent.kernel;

import dev.detent.spi.pass.Fact;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Executable sentences about configs: those that always hold, and what each fact means. Checked after every pass. */
public final class Invariants {

    /** A sentence and the configs it is about that break it. */
    private record Sentence(String text, Predicate<TensorQuantization> broken) {}

    private static final List<Sentence> ALWAYS = List.of(
            new Sentence("only parameters are baked", c -> c.state().isBaked() && !c.isParameter()),
            new Sentence("a covered config has another root", c -> c.state().isCovered() && c.isOwnRoot()),
            new Sentence(
                    "only covered and following configs have another root",
                    c -> !c.isOwnRoot()
                            && !c.state().isCovered()
                            && !c.state().isFollower()
                            && !c.state().isSwitchedOff()),
            new Sentence(
                    "an active config has parameters",
                    c -> c.state().isActive() && c.parameters().isEmpty()),
            new Sentence(
                    "a per-tensor config has one scale",
                    c -> !c.scheme().isPerChannel()
                            && c.parameters().map(p -> p.channels() != 1).orElse(false)));

    private static final Map<Fact, Sentence> FACTS = new EnumMap<>(Map.of(
            Fact.PARAMETERS_CALIBRATED,
                    new Sentence(
                            "no parameter is INITIAL",
                            c -> c.isParameter() && c.state().awaitsCalibration()),
            Fact.ACTIVATIONS_CALIBRATED,
                    new Sentence("no config is INITIAL", c -> c.state().awaitsCalibration()),
            Fact.PASSIVES_DERIVED,
                    new Sentence("no config is PASSIVE_INIT", c -> c.state().awaitsDerivation()),
            Fact.BAKED,
                    new Sentence(
                            "no parameter is active on its own",
                            c -> c.isParameter()
                                    && c.state().isActive()
                                    && !c.state().isFollower()),
            Fact.EXPORTABLE,
                    new Sentence("every config is settled", c -> !c.state().isSettled())));

    private Invariants() {}

    /** Broken sentences, each with up to three of the configs that break it; empty when all is well. */
    public static List<String> check(Configs configs, Set<Fact> facts) {
        List<String> broken = new ArrayList<>();
        ALWAYS.forEach(s -> check(configs, s, broken));
        for (Fact f : Fact.values()) {
            if (facts.contains(f) && FACTS.containsKey(f)) {
                check(configs, FACTS.get(f), broken);
            }
        }
        return broken;
    }

    private static void check(Configs configs, Sentence sentence, List<String> broken) {
        List<String> culprits = configs.configs().stream()
                .filter(sentence.broken())
                .limit(3)
                .map(Object::toString)
                .toList();
        if (!culprits.isEmpty()) {
            broken.add("'" + sentence.text() + "' does not hold: " + String.join(", ", culprits));
        }
    }
}
