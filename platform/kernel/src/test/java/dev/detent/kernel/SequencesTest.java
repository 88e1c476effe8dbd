package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Random sequences of verbs: whatever is asked, the invariants hold, roots exist, and the journal replays to the
 * states.
 */
class SequencesTest {

    record Step(Transition verb, int config, int other) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Transition> verbs =
                Arbitraries.of(Transition.values()).filter(v -> v != Transition.RESUME && v != Transition.SUSPEND);
        return net.jqwik.api.Combinators.combine(
                        verbs,
                        Arbitraries.integers().between(0, 8),
                        Arbitraries.integers().between(0, 8))
                .as(Step::new)
                .list()
                .ofMaxSize(60);
    }

    @Property(tries = 2000, seed = "20261124")
    void invariantsHoldAfterAnySequence(@ForAll("steps") List<Step> steps) {
        Fixture f = new Fixture();
        List<TensorConfig> configs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            configs.addAll(List.of(f.in(i), f.weight(i), f.out(i)));
        }
        for (Step s : steps) {
            TensorConfig c = configs.get(s.config());
            QuantizationState before = c.state();
            int journalled = f.journal.entries().size();
            try {
                f.ask(s.verb(), c, configs.get(s.other()));
                assertThat(TransitionTable.find(s.verb(), before).isPresent()
                                || f.journal.entries().size() == journalled)
                        .as("%s from %s was admitted without a row", s.verb(), before)
                        .isTrue();
            } catch (PluginException | java.util.NoSuchElementException e) {
                assertThat(c.state()).as("a refusal changes nothing").isEqualTo(before);
                assertThat(f.journal.entries()).hasSize(journalled);
            }
            for (TensorConfig any : configs) {
                assertThat(any.root()).isNotNull();
            }
            List<String> broken = new ArrayList<>(Invariants.check(f.configs, Set.of()));
            // A follower of a config that was taken back to waiting has no parameters until it is calibrated again.
            broken.removeIf(b -> b.contains("an active config has parameters"));
            assertThat(broken).isEmpty();
        }
        Map<Slot, QuantizationState> replayed = new HashMap<>();
        configs.forEach(c -> replayed.put(c.slot(), QuantizationState.INITIAL));
        for (Journal.Entry e : f.journal.entries()) {
            assertThat(replayed.put(e.slot(), e.to())).isEqualTo(e.from());
        }
        configs.forEach(c -> assertThat(replayed.get(c.slot())).isEqualTo(c.state()));
    }
}
