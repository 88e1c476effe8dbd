package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each sentence is found broken when it is, and only then; what configs tell about nodes; restoring from a record. */
class InvariantsTest {

    private static void broken(Fixture f, Fact fact, String sentence) {
        assertThat(Invariants.check(f.configs, EnumSet.of(fact)))
                .singleElement()
                .asString()
                .contains(sentence);
    }

    @Test
    void factsAreFoundBrokenUntilTheyHold() {
        Fixture f = new Fixture();
        assertThat(Invariants.check(f.configs, Set.of())).isEmpty();
        broken(f, Fact.PARAMETERS_CALIBRATED, "no parameter is INITIAL");
        List.of(f.weight(0), f.weight(1), f.weight(2)).forEach(w -> f.control.calibrate(w, Fixture.PARAMETERS, ""));
        assertThat(Invariants.check(f.configs, EnumSet.of(Fact.PARAMETERS_CALIBRATED)))
                .isEmpty();
        broken(f, Fact.ACTIVATIONS_CALIBRATED, "n0:in:0");
        broken(f, Fact.EXPORTABLE, "settled");
        for (int i = 0; i < 3; i++) {
            f.control.keepFloat(f.out(i), "");
        }
        f.control.await(f.in(0), "");
        f.control.keepFloat(f.in(1), "");
        f.control.keepFloat(f.in(2), "");
        assertThat(Invariants.check(f.configs, EnumSet.of(Fact.ACTIVATIONS_CALIBRATED)))
                .isEmpty();
        broken(f, Fact.PASSIVES_DERIVED, "PASSIVE_INIT");
        f.control.derive(f.in(0), Fixture.PARAMETERS, "");
        assertThat(Invariants.check(f.configs, EnumSet.of(Fact.PASSIVES_DERIVED, Fact.EXPORTABLE)))
                .isEmpty();
        broken(f, Fact.BAKED, "n0:in:1");
        List.of(f.weight(0), f.weight(1), f.weight(2))
                .forEach(w -> f.control.bake(w, f.graph.initializer(w.value()).orElseThrow(), ""));
        assertThat(Invariants.check(f.configs, EnumSet.of(Fact.BAKED, Fact.EXPORTABLE)))
                .isEmpty();
    }

    @Test
    void whatNoVerbCanBreakIsStillWatched() {
        Fixture f = new Fixture();
        f.in(0).state = QuantizationState.BAKED;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("only initializers are baked");
        f.in(0).state = QuantizationState.OVERLAPPED;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("another root");
        f.in(0).state = QuantizationState.ACTIVATED;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("has parameters");
        f.in(0).ownParameters = new QuantizationParameters(new float[] {1, 2}, new float[2]);
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("one scale");
        f.in(0).ownParameters = Fixture.PARAMETERS;
        assertThat(Invariants.check(f.configs, Set.of())).isEmpty();
        f.in(0).follow(f.in(1));
        assertThat(Invariants.check(f.configs, Set.of())).anyMatch(s -> s.contains("only covered and following"));
        f.in(1).follow(f.in(0));
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("ends at a root")
                .contains("n0:in:0");
    }

    @Test
    void followersNeedALiveRoot() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.out(0).state = QuantizationState.SOI;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("what covers a config may do so");
        f.out(0).state = QuantizationState.FP32;
        f.out(0).ownParameters = Fixture.PARAMETERS;
        f.in(1).state = QuantizationState.SLAVE;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("the root of an active config is live");
        f.out(0).state = QuantizationState.INITIAL;
        f.in(1).state = QuantizationState.OVERLAPPED;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("a waiting config has no parameters");
    }

    @Test
    void configsKnowTheirNodes() {
        Fixture f = new Fixture();
        Node n0 = f.graph.node("n0").orElseThrow();
        Node stranger = Node.of("stranger", "Relu", List.of("a"), List.of("b"), Map.of());
        assertThat(f.configs.isQuantized(n0)).isTrue();
        assertThat(f.configs.isQuantized(stranger)).isFalse();
        assertThat(f.configs.isPassive(n0)).isFalse();
        assertThat(f.configs.target(n0)).isEqualTo("t");
        assertThat(f.configs.target(stranger)).isEmpty();
        assertThat(f.configs.inputs(n0)).hasSize(2);
        assertThat(f.configs.outputs(n0)).hasSize(1);
        assertThat(f.configs.inputs(stranger)).isEmpty();
        assertThat(f.configs.outputs(stranger)).isEmpty();
        assertThat(f.weight(0).isInitializer()).isTrue();
        assertThat(f.in(0).isInitializer()).isFalse();
        assertThat(f.in(0)).hasToString("n0:in:0 [INITIAL]");
        Graph g = new Graph();
        g.edit().add(stranger);
        f.configs.add(
                stranger,
                g,
                "u",
                NodeRule.uniform(stranger, new TensorRule(Fixture.SCHEME, "x", InitialState.FP32))
                        .passive(true),
                QuantizationConfigs.Prescriptions.NONE);
        assertThat(f.configs.isPassive(stranger)).isTrue();
    }

    @Test
    void theJournalTellsAValuesLife() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "seen");
        f.control.keepFloat(f.in(2), "other");
        assertThat(f.journal.ofValue("v1")).singleElement().satisfies(e -> {
            assertThat(e.reason()).isEqualTo("seen");
            assertThat(e.pass()).isEqualTo("test");
            assertThat(e.plugin()).isEqualTo("plugin 1");
            assertThat(e.from()).isEqualTo(QuantizationState.INITIAL);
            assertThat(e.to()).isEqualTo(QuantizationState.ACTIVATED);
            assertThat(e.root()).isEqualTo(f.in(1).slot());
        });
    }

    @Test
    void aFinishedRunReadsThroughItsRoots() {
        Fixture f = new Fixture();
        Slot own = Slot.output("n0", 0);
        Slot covered = Slot.input("n1", 0);
        Quantization q = QuantizationSnapshot.of(
                f.graph,
                List.of(
                        new QuantizationSnapshot.Reading(covered, QuantizationState.OVERLAPPED, own),
                        new QuantizationSnapshot.Own(
                                own, QuantizationState.ACTIVATED, Fixture.SCHEME, Fixture.PARAMETERS),
                        new QuantizationSnapshot.Reading(
                                Slot.output("n2", 0), QuantizationState.SLAVE, Slot.output("gone", 0))));
        assertThat(q.config(covered).orElseThrow().qparams()).contains(Fixture.PARAMETERS);
        assertThat(q.config(covered).orElseThrow().root())
                .isSameAs(q.config(own).orElseThrow());
        assertThat(q.inputs(f.graph.node("n1").orElseThrow())).hasSize(1);
        assertThat(q.outputs(f.graph.node("n0").orElseThrow())).hasSize(1);
        assertThat(q.isQuantized(f.graph.node("n2").orElseThrow())).isFalse();
    }
}
