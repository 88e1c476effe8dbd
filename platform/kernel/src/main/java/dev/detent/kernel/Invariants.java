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
    private record Invariant(String text, Predicate<TensorQuantization> broken) {}

    private static final List<Invariant> ALWAYS = List.of(
            new Invariant("only parameters are baked", c -> c.state().isBaked() && !c.isInitializer()),
            new Invariant("a covered config has another root", c -> c.state().isCovered() && c.isOwnRoot()),
            new Invariant(
                    "only covered and following configs have another root",
                    c -> !c.isOwnRoot()
                            && !c.state().isCovered()
                            && !c.state().isFollower()
                            && !c.state().isSwitchedOff()),
            new Invariant(
                    "an active config has parameters",
                    c -> c.state().isActive() && c.qparams().isEmpty()),
            new Invariant(
                    "a per-tensor config has one scale",
                    c -> !c.scheme().isPerChannel()
                            && c.qparams().map(p -> p.channels() != 1).orElse(false)));

    private static final Map<Fact, Invariant> FACTS = new EnumMap<>(Map.of(
            Fact.PARAMETERS_CALIBRATED,
                    new Invariant(
                            "no parameter is INITIAL",
                            c -> c.isInitializer() && c.state().awaitsCalibration()),
            Fact.ACTIVATIONS_CALIBRATED,
                    new Invariant("no config is INITIAL", c -> c.state().awaitsCalibration()),
            Fact.PASSIVES_DERIVED,
                    new Invariant("no config is PASSIVE_INIT", c -> c.state().awaitsDerivation()),
            Fact.BAKED,
                    new Invariant(
                            "no parameter is active on its own",
                            c -> c.isInitializer()
                                    && c.state().isActive()
                                    && !c.state().isFollower()),
            Fact.EXPORTABLE,
                    new Invariant("every config is settled", c -> !c.state().isSettled())));

    private Invariants() {}

    /** Broken sentences, each with up to three of the configs that break it; empty when all is well. */
    public static List<String> check(QuantizationConfigs configs, Set<Fact> facts) {
        List<String> broken = new ArrayList<>();
        ALWAYS.forEach(s -> check(configs, s, broken));
        for (Fact f : Fact.values()) {
            if (facts.contains(f) && FACTS.containsKey(f)) {
                check(configs, FACTS.get(f), broken);
            }
        }
        return broken;
    }

    private static void check(QuantizationConfigs configs, Invariant sentence, List<String> broken) {
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
