package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Random sequences of verbs, suspensions and their ends among them: whatever is asked, the invariants hold after every
 * step, a refusal changes nothing, and the journal replays to the states.
 */
class SequencesTest {

    record Step(Transition verb, int config, int other) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.of(Transition.values()),
                        Arbitraries.integers().between(0, 8),
                        Arbitraries.integers().between(0, 8))
                .as(Step::new)
                .list()
                .ofMaxSize(80);
    }

    /** @param prescribes the target prescribes what CALIBRATE offers, and not what LEAD does */
    @Property(tries = 2000, seed = "20261124")
    void invariantsHoldAfterAnySequence(@ForAll("steps") List<Step> steps, @ForAll boolean prescribes) {
        Fixture f =
                new Fixture(prescribes ? r -> Optional.of(Fixture.PARAMETERS) : QuantizationConfigs.Prescriptions.NONE);
        List<TensorConfig> configs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            configs.addAll(List.of(f.in(i), f.weight(i), f.out(i)));
        }
        for (Step s : steps) {
            step(f, s, configs);
            assertThat(Invariants.always(f.configs)).as("after %s", s).isEmpty();
        }
        boolean leaks = !f.suspended.isEmpty();
        Throwable blame = catchThrowable(f.control::close);
        assertThat(blame == null).isEqualTo(!leaks);
        assertThat(Invariants.check(f.configs, Set.of())).isEmpty();
        replay(f, configs);
    }

    private static void step(Fixture f, Step s, List<TensorConfig> configs) {
        TensorConfig c = configs.get(s.config());
        List<QuantizationState> before =
                configs.stream().map(TensorConfig::state).toList();
        List<TensorConfig> roots = configs.stream().map(TensorConfig::root).toList();
        int journalled = f.journal.entries().size();
        try {
            f.ask(s.verb(), c, configs.get(s.other()));
            List<Journal.Entry> added =
                    f.journal.entries().subList(journalled, f.journal.entries().size());
            assertThat(added)
                    .allMatch(e -> TransitionTable.find(e.verb(), e.from()).isPresent());
        } catch (PluginException e) {
            assertThat(configs.stream().map(TensorConfig::state))
                    .as("a refusal changes nothing")
                    .isEqualTo(before);
            assertThat(configs.stream().map(TensorConfig::root)).isEqualTo(roots);
            assertThat(f.journal.entries()).hasSize(journalled);
        }
    }

    private static void replay(Fixture f, List<TensorConfig> configs) {
        Map<Slot, QuantizationState> replayed = new HashMap<>();
        configs.forEach(c -> replayed.put(c.slot(), QuantizationState.INITIAL));
        for (Journal.Entry e : f.journal.entries()) {
            assertThat(replayed.put(e.slot(), e.to())).isEqualTo(e.from());
        }
        configs.forEach(c -> assertThat(replayed.get(c.slot())).isEqualTo(c.state()));
    }
}
