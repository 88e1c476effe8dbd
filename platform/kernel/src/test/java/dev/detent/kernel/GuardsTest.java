package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a row of the table asks besides the state: each guard refuses what it is there for, and lets the rest pass. */
class GuardsTest {

    private static final QuantizationParameters TWO = new QuantizationParameters(new float[] {1, 2}, new float[2]);
    private static final QuantizationParameters OTHER = QuantizationParameters.of(2, 0);

    @Test
    void everyGuardStandsInSomeRow() {
        assertThat(TransitionTable.rows().stream().flatMap(r -> r.guards().stream()))
                .contains(Precondition.values());
        assertThat(Arrays.stream(Precondition.values()).map(Precondition::sentence))
                .doesNotHaveDuplicates()
                .noneMatch(String::isBlank);
    }

    @Test
    void derivedParametersMustFitTheScheme() {
        Fixture f = new Fixture();
        f.control.await(f.weight(0), "");
        assertThatThrownBy(() -> f.control.derive(f.weight(0), TWO, "")).hasMessageContaining("per-tensor");
        assertThat(f.weight(0).state()).isEqualTo(QuantizationState.PASSIVE_INIT);
    }

    /** A bias per channel under a weight of one scale. */
    @Test
    void oneDerivedPairMayServeAllChannelsAndACalibratedOneMayNot() {
        Fixture f = new Fixture();
        QuantizationConfigs configs = uniform(f.graph, Fixture.SCHEME.perChannel(0), InitialState.INITIAL);
        StateMachine control = control(f, configs);
        TensorQuantization w = configs.config(f.weight(0).slot()).orElseThrow();
        assertThatThrownBy(() -> control.calibrate(w, Fixture.PARAMETERS, "")).hasMessageContaining("axis 0");
        control.await(w, "");
        assertThatThrownBy(() -> control.derive(w, new QuantizationParameters(new float[] {1, 1, 1}, new float[3]), ""))
                .hasMessageContaining("axis 0");
        control.derive(w, Fixture.PARAMETERS, "");
        control.derive(w, TWO, "");
    }

    @Test
    void activationsPerChannelAreCheckedAsFarAsTheirShapeIsKnown() {
        Fixture f = new Fixture();
        f.graph.edit().valueInfo(ValueInfo.of("v1", ElementType.FLOAT, 1, 3));
        QuantizationConfigs configs = uniform(f.graph, Fixture.SCHEME.perChannel(1), InitialState.INITIAL);
        StateMachine control = control(f, configs);
        TensorQuantization known = configs.config(f.in(1).slot()).orElseThrow();
        assertThatThrownBy(() -> control.calibrate(known, TWO, "")).hasMessageContaining("[1, 3]");
        control.calibrate(known, new QuantizationParameters(new float[] {1, 1, 1}, new float[3]), "");
        control.calibrate(configs.config(f.in(2).slot()).orElseThrow(), TWO, "");
    }

    @Test
    void nobodyFollowsALeaderWhoseRootHasNoParameters() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.calibrate(f.in(2), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.enslave(f.in(2), f.in(1), ""))
                .hasMessageContaining("n0:out:0")
                .hasMessageContaining("lends no parameters");
        f.control.calibrate(f.out(0), OTHER, "");
        f.control.enslave(f.in(2), f.in(1), "");
        assertThat(f.in(2).qparams()).contains(OTHER);
    }

    @Test
    void aCoveredConfigThatLeadsItsOwnLeaderKeepsWhatItShowed() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.calibrate(f.out(0), OTHER, "");
        f.control.calibrate(f.in(2), Fixture.PARAMETERS, "");
        f.control.enslave(f.in(2), f.in(1), "");
        f.control.enslave(f.in(1), f.in(2), "");
        assertThat(f.in(1).isOwnRoot()).isTrue();
        assertThat(f.in(1).qparams()).contains(OTHER);
        assertThat(Invariants.check(f.configs, Set.of())).isEmpty();
    }

    @Test
    void onlyARootThatMayComeToNumbersOrStaysFloatCovers() {
        Fixture f = new Fixture();
        f.control.markShape(f.out(0), "");
        f.control.deactivate(f.out(1), "");
        f.control.keepFloat(f.out(2), "");
        assertThatThrownBy(() -> f.control.overlap(f.in(1), f.out(0), "")).hasMessageContaining("covers nobody");
        assertThatThrownBy(() -> f.control.overlap(f.in(1), f.out(1), "")).hasMessageContaining("covers nobody");
        assertThat(f.control.overlap(f.in(1), f.out(2), "")).isTrue();
    }

    @Test
    void whatCoversOthersIsNoShapeAndIsNotSwitchedOff() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        assertThatThrownBy(() -> f.control.markShape(f.out(0), "")).hasMessageContaining("n1:in:0 reads");
        assertThatThrownBy(() -> f.control.deactivate(f.out(0), "")).hasMessageContaining("n1:in:0 reads");
        f.control.keepFloat(f.out(0), "");
    }

    /** The numbers were worked out for the scheme the config showed, its root's. */
    @Test
    void aLeaderTakesTheSchemeItShowedAlong() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.revise(f.out(0), Fixture.SCHEME.with(new CodeRange(4, -8, 7)), "");
        f.control.calibrate(f.out(0), Fixture.PARAMETERS, "");
        f.control.lead(f.in(1), OTHER, "");
        assertThat(f.in(1).isOwnRoot()).isTrue();
        assertThat(f.in(1).scheme().bits()).isEqualTo(4);
    }

    @Test
    void aRevisedSchemeKeepsItsBlocks() {
        Fixture f = new Fixture();
        QuantizationConfigs configs =
                uniform(f.graph, Fixture.SCHEME.with(new Granularity.PerBlock(0, 32)), InitialState.INITIAL);
        StateMachine control = control(f, configs);
        TensorQuantization w = configs.config(f.weight(0).slot()).orElseThrow();
        assertThatThrownBy(() -> control.revise(w, Fixture.SCHEME.with(new Granularity.PerBlock(0, 64)), ""))
                .hasMessageContaining("granularity");
        assertThatThrownBy(() -> control.revise(w, Fixture.SCHEME.perChannel(0), ""))
                .hasMessageContaining("granularity");
        control.revise(w, Fixture.SCHEME.with(new Granularity.PerBlock(0, 32)).with(new CodeRange(4, -8, 7)), "");
    }

    @Test
    void recalibratingTakesTheParametersAwayAndMayLeaveNobodyWithout() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "");
        f.control.recalibrate(f.in(1), "");
        assertThat(f.in(1).qparams()).isEmpty();
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "");
        f.control.calibrate(f.in(2), Fixture.PARAMETERS, "");
        f.control.enslave(f.in(2), f.in(1), "");
        assertThatThrownBy(() -> f.control.recalibrate(f.in(1), "")).hasMessageContaining("n2:in:0 quantizes with");
        try (StateControl.Suspension off = f.control.dequantize(List.of(f.in(2)))) {
            assertThatThrownBy(() -> f.control.recalibrate(f.in(1), "")).hasMessageContaining("n2:in:0");
        }
        f.control.lead(f.in(1), OTHER, "");
        assertThat(f.in(2).qparams()).contains(OTHER);
    }

    @Test
    void bakingAccountsForEveryRevisionOfTheGraphItMakes() {
        Fixture f = new Fixture();
        int before = f.graph.revision();
        for (int i = 0; i < 3; i++) {
            f.control.calibrate(f.weight(i), Fixture.PARAMETERS, "");
            f.control.bake(f.weight(i), Tensor.ofFloats(new long[] {2}, 3, 4), "");
        }
        assertThat(f.control.bakedRevisions()).isPositive().isEqualTo(f.graph.revision() - before);
        assertThatThrownBy(() -> f.control.bake(f.weight(0), Tensor.ofFloats(new long[] {2}, 5, 6), ""))
                .hasMessageContaining("BAKED");
        assertThat(f.graph.revision() - before).isEqualTo(f.control.bakedRevisions());
    }

    @Test
    void whatAPassLeavesSuspendedComesBackAndThePassIsBlamed() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        StateControl.Suspension leaked = f.control.dequantize(List.of(f.in(0), f.in(1)));
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("nothing is suspended");
        assertThatThrownBy(f.control::close)
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("plugin 1")
                .hasMessageContaining("pass 'test'")
                .hasMessageContaining("'v0'");
        assertThat(f.in(0).state()).isEqualTo(QuantizationState.ACTIVATED);
        assertThat(f.in(1).state()).isEqualTo(QuantizationState.INITIAL);
        int entries = f.journal.entries().size();
        leaked.close();
        assertThat(f.journal.entries()).hasSize(entries);
        assertThat(Invariants.check(f.configs, Set.of())).isEmpty();
        assertThatThrownBy(() -> f.control.dequantize(List.of(f.in(0)))).hasMessageContaining("the pass is over");
        assertThatCode(f.control::close).doesNotThrowAnyException();
    }

    @Test
    void aSuspensionEndsOnTheThreadOfItsPass() throws InterruptedException {
        Fixture f = new Fixture();
        StateControl.Suspension s = f.control.dequantize(List.of(f.in(0)));
        Throwable[] thrown = new Throwable[1];
        Thread stranger = new Thread(() -> thrown[0] = catchThrowable(s::close));
        stranger.start();
        stranger.join();
        assertThat(thrown[0]).isInstanceOf(PluginException.class).hasMessageContaining("thread");
        assertThat(f.in(0).state()).isEqualTo(QuantizationState.DEQUANTIZED);
        s.close();
        assertThat(f.in(0).state()).isEqualTo(QuantizationState.INITIAL);
    }

    @Test
    void aSuspensionTakesAllOrNothing() {
        Fixture f = new Fixture();
        try (StateControl.Suspension first = f.control.dequantize(List.of(f.in(1), f.in(1)))) {
            assertThatThrownBy(() -> f.control.dequantize(List.of(f.in(0), f.in(1))))
                    .hasMessageContaining("DEQUANTIZED");
            assertThat(f.in(0).state()).isEqualTo(QuantizationState.INITIAL);
        }
        assertThat(f.in(1).state()).isEqualTo(QuantizationState.INITIAL);
    }

    /** Layer analysis: all but one, then that one alone; everything is back afterwards, bit by bit. */
    @Test
    void analysisSwitchesLayersOffAndOn() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.overlap(f.in(2), f.out(1), "");
        for (TensorConfig c : List.of(f.in(0), f.weight(0), f.out(0), f.weight(1), f.out(1), f.weight(2), f.out(2))) {
            f.control.calibrate(c, Fixture.PARAMETERS, "");
        }
        f.control.bake(f.weight(1), Tensor.ofFloats(new long[] {2}, 1, 2), "");
        List<String> before =
                f.configs.all().stream().map(c -> c + " " + c.qparams()).toList();
        for (Node alone : f.graph.nodes()) {
            List<TensorConfig> others = new ArrayList<>(f.configs.all());
            others.removeIf(c -> c.slot().node().equals(alone.name()));
            try (StateControl.Suspension off = f.control.dequantize(others)) {
                assertThat(f.configs.all())
                        .allMatch(c -> c.state()
                                == QuantizationState.DEQUANTIZED
                                != c.slot().node().equals(alone.name()));
                assertThat(Invariants.always(f.configs)).isEmpty();
            }
        }
        assertThat(f.configs.all().stream().map(c -> c + " " + c.qparams())).isEqualTo(before);
    }

    @Test
    void aRuleMaySwitchASlotOffAndAFinishedModelMayHoldIt() {
        Fixture f = new Fixture();
        QuantizationConfigs configs = uniform(f.graph, Fixture.SCHEME, InitialState.DEACTIVATED);
        StateMachine control = control(f, configs);
        TensorQuantization c = configs.config(f.in(0).slot()).orElseThrow();
        assertThat(c.state()).isEqualTo(QuantizationState.DEACTIVATED);
        assertThat(c.state().isFloat()).isTrue();
        assertThat(Invariants.check(configs, EnumSet.of(Fact.EXPORTABLE, Fact.ACTIVATIONS_CALIBRATED)))
                .isEmpty();
        assertThatThrownBy(() -> control.calibrate(c, Fixture.PARAMETERS, ""))
                .hasMessageContaining("which is DEACTIVATED and allows [REACTIVATE, SUSPEND]");
        try (StateControl.Suspension off = control.dequantize(List.of(c))) {
            assertThat(c.state()).isEqualTo(QuantizationState.DEQUANTIZED);
        }
        control.reactivate(c, "");
        assertThat(c.state()).isEqualTo(QuantizationState.INITIAL);
    }

    @Test
    void rulesStartInTheirOwnFewStates() {
        assertThat(Arrays.stream(InitialState.values()).map(InitialState::state))
                .containsExactly(
                        QuantizationState.INITIAL,
                        QuantizationState.PASSIVE_INIT,
                        QuantizationState.FP32,
                        QuantizationState.DEACTIVATED);
    }

    @Test
    void aPrescribedEncodingIsKept() {
        Fixture f = new Fixture(r -> Optional.of(Fixture.PARAMETERS));
        assertThat(f.in(0).isFixed()).isTrue();
        assertThatThrownBy(() -> f.control.calibrate(f.in(0), OTHER, ""))
                .hasMessageContaining("the target prescribes scale 0.5")
                .hasMessageContaining("not scale 2.0");
        assertThatThrownBy(() -> f.control.await(f.in(0), "")).hasMessageContaining("prescribes");
        assertThatThrownBy(() -> f.control.revise(f.in(0), Fixture.SCHEME.with(new CodeRange(4, -8, 7)), ""))
                .hasMessageContaining("for its own scheme");
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.lead(f.in(0), OTHER, "")).hasMessageContaining("prescribes");
        f.control.recalibrate(f.in(0), "");
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        f.control.overlap(f.in(1), f.out(0), "the same encoding");
        f.in(0).ownParameters = OTHER;
        assertThat(Invariants.check(f.configs, Set.of()))
                .singleElement()
                .asString()
                .contains("a prescribed encoding is kept");
    }

    @Test
    void aPrescribedConfigReadsNoOtherEncodingAndOthersMayReadItsOwn() {
        Fixture f = new Fixture();
        Node softmax = Node.of("s", "Softmax", List.of("v3"), List.of("p"), Map.of());
        f.graph.edit().add(softmax);
        TensorRule free = new TensorRule(Fixture.SCHEME, "minmax", InitialState.INITIAL);
        f.configs.add(
                softmax,
                f.graph,
                "t",
                NodeRule.uniform(softmax, free).output(0, free.observedBy("unit-range")),
                r -> r.observer().equals("unit-range") ? Optional.of(OTHER) : Optional.empty());
        TensorConfig in = (TensorConfig) f.configs.config(Slot.input("s", 0)).orElseThrow();
        TensorConfig out = (TensorConfig) f.configs.config(Slot.output("s", 0)).orElseThrow();
        assertThat(in.isFixed()).isFalse();
        assertThatThrownBy(() -> f.control.overlap(out, f.in(0), "")).hasMessageContaining("another encoding");
        f.control.overlap(f.in(2), out, "");
        assertThat(f.in(2).isFixed()).isTrue();
        f.control.calibrate(out, OTHER, "");
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.enslave(out, f.in(0), "")).hasMessageContaining("another encoding");
        assertThatThrownBy(() -> f.control.enslaveGroup(f.in(2), f.in(0), "")).hasMessageContaining("another encoding");
        f.control.enslave(f.in(0), out, "");
        assertThat(f.in(0).qparams()).contains(OTHER);
    }

    @Test
    void aSnapshotIsOfATypeThatNoCastTurnsBack() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        Quantization copy = f.configs.snapshot();
        assertThat(copy).isNotInstanceOf(QuantizationConfigs.class);
        assertThat(copy.configs()).isNotEmpty().noneMatch(c -> c instanceof TensorConfig);
        assertThatThrownBy(() -> copy.configs().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> copy.inputs(f.graph.nodes().iterator().next()).remove(0))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private static QuantizationConfigs uniform(Graph graph, Scheme scheme, InitialState state) {
        QuantizationConfigs configs = new QuantizationConfigs();
        for (Node n : graph.nodes()) {
            configs.add(
                    n,
                    graph,
                    "t",
                    NodeRule.uniform(n, new TensorRule(scheme, "minmax", state)),
                    QuantizationConfigs.Prescriptions.NONE);
        }
        return configs;
    }

    private static StateMachine control(Fixture f, QuantizationConfigs configs) {
        return new StateMachine(configs, f.graph, f.journal, "p", "q", EnumSet.allOf(Transition.class));
    }
}
