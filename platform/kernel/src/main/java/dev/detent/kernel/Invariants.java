package dev.detent.kernel;

import dev.detent.spi.pass.Fact;
import dev.detent.spi.quant.QuantizationState;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Executable sentences about configs: those that every transition keeps, those that hold between passes, and what each
 * fact means. Checked after every pass.
 */
public final class Invariants {

    /** A sentence and the configs it is about that break it. */
    private record Invariant(String text, Predicate<TensorConfig> broken) {}

    /** Asked first and alone: in a circle there is no root to ask the others about. */
    private static final Invariant NO_CIRCLE = new Invariant("following parents ends at a root", Invariants::goesRound);

    /** Suspended configs are judged by the state that comes back. */
    private static final List<Invariant> ALWAYS = List.of(
            new Invariant("only initializers are baked", c -> c.state().isBaked() && !c.isInitializer()),
            new Invariant("a covered config has another root", c -> c.lasting().isCovered() && c.isOwnRoot()),
            new Invariant(
                    "only covered and following configs have another root",
                    c -> !c.isOwnRoot()
                            && !c.lasting().isCovered()
                            && !c.lasting().isFollower()),
            new Invariant(
                    "what covers a config may do so",
                    c -> c.lasting().isCovered()
                            && !c.isOwnRoot()
                            && !c.root().lasting().canCover()
                            && !c.root().lasting().isBaked()),
            new Invariant(
                    "an active config has parameters",
                    c -> c.lasting().isActive() && c.qparams().isEmpty()),
            new Invariant(
                    "the root of an active config is live",
                    c -> c.lasting().isActive() && !c.root().lasting().isWritten()),
            new Invariant(
                    "a waiting config has no parameters",
                    c -> (c.lasting().awaitsCalibration() || c.lasting().awaitsDerivation())
                            && c.ownParameters != null),
            new Invariant(
                    "a prescribed encoding is kept",
                    c -> c.prescribed()
                            .map(p -> c.lasting().isWritten() && !c.qparams().equals(c.prescribed()))
                            .orElse(false)),
            new Invariant(
                    "a per-tensor config has one scale",
                    c -> !c.scheme().isPerChannel()
                            && c.qparams().map(p -> p.channels() != 1).orElse(false)));

    private static final Invariant BETWEEN_PASSES =
            new Invariant("nothing is suspended", c -> c.state() == QuantizationState.DEQUANTIZED);

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

    /**
     * What must hold between two passes.
     *
     * @return broken sentences, each with up to three of the configs that break it; empty when all is well
     */
    public static List<String> check(QuantizationConfigs configs, Set<Fact> facts) {
        List<String> broken = always(configs);
        check(configs, BETWEEN_PASSES, broken);
        if (broken.isEmpty()) {
            for (Fact f : Fact.values()) {
                if (facts.contains(f) && FACTS.containsKey(f)) {
                    check(configs, FACTS.get(f), broken);
                }
            }
        }
        return broken;
    }

    /** What holds even in the middle of a pass, after every transition. */
    static List<String> always(QuantizationConfigs configs) {
        List<String> broken = new ArrayList<>();
        check(configs, NO_CIRCLE, broken);
        if (broken.isEmpty()) {
            ALWAYS.forEach(s -> check(configs, s, broken));
        }
        return broken;
    }

    /** Two pointers, one twice as fast: they meet in a circle only. */
    private static boolean goesRound(TensorConfig c) {
        TensorConfig slow = c;
        TensorConfig fast = c;
        do {
            if (fast.parent() == fast || fast.parent().parent() == fast.parent()) {
                return false;
            }
            slow = slow.parent();
            fast = fast.parent().parent();
        } while (slow != fast);
        return true;
    }

    private static void check(QuantizationConfigs configs, Invariant sentence, List<String> broken) {
        List<String> culprits = configs.all().stream()
                .filter(sentence.broken())
                .limit(3)
                .map(Object::toString)
                .toList();
        if (!culprits.isEmpty()) {
            broken.add("'" + sentence.text() + "' does not hold: " + String.join(", ", culprits));
        }
    }
}
