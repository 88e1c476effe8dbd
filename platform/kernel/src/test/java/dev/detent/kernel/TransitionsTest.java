package dev.detent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every state with every verb: what the table admits happens and is journalled, everything else is refused and changes
 * nothing.
 */
class TransitionsTest {

    static Stream<Arguments> everyStateWithEveryVerb() {
        List<Arguments> all = new ArrayList<>();
        for (QuantizationState s : QuantizationState.values()) {
            for (Transition v : Transition.values()) {
                if (v != Transition.RESUME) {
                    all.add(Arguments.of(s, v));
                }
            }
        }
        return all.stream();
    }

    /** What must come out, written down here a second time, by hand: state, verb, state after. */
    private static final String EXPECTED = """
            INITIAL CALIBRATE ACTIVATED
            INITIAL OVERLAP OVERLAPPED
            INITIAL AWAIT PASSIVE_INIT
            INITIAL KEEP_FLOAT FP32
            INITIAL MARK_SHAPE SOI
            INITIAL DEACTIVATE DEACTIVATED
            INITIAL SUSPEND DEQUANTIZED
            INITIAL REVISE INITIAL
            BAKED SUSPEND DEQUANTIZED
            OVERLAPPED OVERLAP OVERLAPPED
            OVERLAPPED ENSLAVE SLAVE
            OVERLAPPED ENSLAVE_GROUP OVERLAPPED
            OVERLAPPED LEAD ACTIVATED
            OVERLAPPED SUSPEND DEQUANTIZED
            SLAVE ENSLAVE SLAVE
            SLAVE ENSLAVE_GROUP SLAVE
            SLAVE LEAD ACTIVATED
            SLAVE SUSPEND DEQUANTIZED
            DEACTIVATED REACTIVATE INITIAL
            DEACTIVATED SUSPEND DEQUANTIZED
            ACTIVATED RECALIBRATE INITIAL
            ACTIVATED ENSLAVE SLAVE
            ACTIVATED ENSLAVE_GROUP SLAVE
            ACTIVATED LEAD ACTIVATED
            ACTIVATED BAKE BAKED
            ACTIVATED DEACTIVATE DEACTIVATED
            ACTIVATED SUSPEND DEQUANTIZED
            SOI SUSPEND DEQUANTIZED
            PASSIVE RECALIBRATE PASSIVE_INIT
            PASSIVE DERIVE PASSIVE
            PASSIVE BAKE PASSIVE_BAKED
            PASSIVE DEACTIVATE DEACTIVATED
            PASSIVE SUSPEND DEQUANTIZED
            PASSIVE_INIT DERIVE PASSIVE
            PASSIVE_INIT DEACTIVATE DEACTIVATED
            PASSIVE_INIT SUSPEND DEQUANTIZED
            PASSIVE_INIT REVISE PASSIVE_INIT
            PASSIVE_BAKED SUSPEND DEQUANTIZED
            FP32 DEACTIVATE DEACTIVATED
            FP32 SUSPEND DEQUANTIZED
            """;

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everyStateWithEveryVerb")
    void theTableDecides(QuantizationState state, Transition verb) {
        Fixture f = new Fixture();
        TensorConfig c = f.bring(f.weight(0), f.weight(1), state);
        TensorConfig master = f.weight(2);
        if (verb == Transition.ENSLAVE || verb == Transition.ENSLAVE_GROUP) {
            f.control.calibrate(master, Fixture.PARAMETERS, "");
        }
        if (state == QuantizationState.OVERLAPPED
                && (verb == Transition.ENSLAVE_GROUP || verb == Transition.ENSLAVE || verb == Transition.LEAD)) {
            f.control.calibrate(f.weight(1), Fixture.PARAMETERS, "");
        }
        int journalled = f.journal.entries().size();
        String expected = EXPECTED.lines()
                .filter(l -> l.startsWith(state + " " + verb + " "))
                .findFirst()
                .map(l -> l.split(" ")[2])
                .orElse("");
        if (expected.isEmpty()) {
            assertThatThrownBy(() -> f.ask(verb, c, master))
                    .isInstanceOf(PluginException.class)
                    .hasMessageContaining("'" + c.value() + "'")
                    .hasMessageContaining(verb.name())
                    .hasMessageContaining("which is " + state)
                    .hasMessageContaining("allows " + TransitionTable.legal(state))
                    .hasMessageContaining("node 'n0'")
                    .hasMessageContaining("pass 'test'")
                    .hasMessageContaining("plugin 1");
            assertThat(c.state()).isEqualTo(state);
            assertThat(f.journal.entries()).hasSize(journalled);
        } else {
            f.ask(verb, c, master);
            assertThat(c.state()).hasToString(expected);
            assertThat(f.journal.entries().size()).isGreaterThan(journalled);
            assertThat(f.journal.entries().get(f.journal.entries().size() - 1).verb())
                    .isEqualTo(verb);
        }
    }

    @Test
    void theTableAndTheExpectationListTheSamePairs() {
        for (QuantizationState s : QuantizationState.values()) {
            EnumSet<Transition> listed = EnumSet.noneOf(Transition.class);
            EXPECTED.lines()
                    .map(l -> l.split(" "))
                    .filter(p -> p[0].equals(s.name()))
                    .forEach(p -> listed.add(Transition.valueOf(p[1])));
            EnumSet<Transition> legal = EnumSet.noneOf(Transition.class);
            legal.addAll(TransitionTable.legal(s));
            legal.remove(Transition.RESUME);
            assertThat(legal).as(s.name()).isEqualTo(listed);
        }
    }

    @Test
    void statesHavePpqsNumbers() {
        assertThat(Stream.of(QuantizationState.values()).map(s -> s.name() + " " + s.code()))
                .containsExactly(
                        "INITIAL 1",
                        "BAKED 2",
                        "OVERLAPPED 3",
                        "SLAVE 4",
                        "DEACTIVATED 5",
                        "ACTIVATED 6",
                        "DEQUANTIZED 7",
                        "SOI 8",
                        "PASSIVE 9",
                        "PASSIVE_INIT 10",
                        "PASSIVE_BAKED 11",
                        "FP32 12");
    }

    @Test
    void statesAnswerAsInPpqButForDeactivatedWhichAFinishedModelMayHold() {
        assertThat(Stream.of(QuantizationState.values()).filter(QuantizationState::isActive))
                .containsExactlyInAnyOrder(
                        QuantizationState.ACTIVATED, QuantizationState.PASSIVE, QuantizationState.SLAVE);
        assertThat(Stream.of(QuantizationState.values()).filter(s -> !s.isSettled()))
                .containsExactlyInAnyOrder(
                        QuantizationState.INITIAL, QuantizationState.DEQUANTIZED, QuantizationState.PASSIVE_INIT);
        assertThat(Stream.of(QuantizationState.values()).filter(QuantizationState::lendsScale))
                .containsExactlyInAnyOrder(
                        QuantizationState.SLAVE,
                        QuantizationState.ACTIVATED,
                        QuantizationState.BAKED,
                        QuantizationState.OVERLAPPED);
    }

    @Test
    void overlapMovesTheGroupsHead() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.overlap(f.in(1), f.out(1), "");
        assertThat(f.in(1).root()).isSameAs(f.out(1));
        assertThat(f.out(0).root()).isSameAs(f.out(1));
        assertThat(f.out(0).state()).isEqualTo(QuantizationState.OVERLAPPED);
    }

    @Test
    void overlapOfTheSameRootChangesNothing() {
        Fixture f = new Fixture();
        assertThat(f.control.overlap(f.in(1), f.out(0), "")).isTrue();
        assertThat(f.control.overlap(f.in(1), f.out(0), "")).isFalse();
        assertThat(f.control.overlap(f.out(0), f.out(0), "")).isFalse();
        assertThat(f.out(0).state()).isEqualTo(QuantizationState.INITIAL);
    }

    @Test
    void aCoveredConfigReadsItsRootsSchemeAndParameters() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.revise(f.out(0), Fixture.SCHEME.with(new CodeRange(4, -8, 7)), "");
        f.control.calibrate(f.out(0), QuantizationParameters.of(3, 0), "");
        assertThat(f.in(1).scheme().bits()).isEqualTo(4);
        assertThat(f.in(1).qparams()).contains(QuantizationParameters.of(3, 0));
    }

    @Test
    void thoseWhoPointToALeaderFollowItAndThoseOfItsFormerRootDoNot() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.overlap(f.in(2), f.out(0), "");
        f.control.calibrate(f.out(0), QuantizationParameters.of(1, 0), "");
        f.control.enslave(f.in(2), f.in(1), "");
        f.control.lead(f.in(1), QuantizationParameters.of(7, 0), "");
        assertThat(f.in(2).root()).isSameAs(f.in(1));
        assertThat(f.in(2).qparams()).contains(QuantizationParameters.of(7, 0));
        assertThat(f.out(0).root()).isSameAs(f.out(0));
        assertThat(f.out(0).qparams()).contains(QuantizationParameters.of(1, 0));
    }

    @Test
    void enslavingAGroupMovesTheHeadAndKeepsTheMembersState() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.calibrate(f.out(0), Fixture.PARAMETERS, "");
        f.control.calibrate(f.out(2), QuantizationParameters.of(9, 0), "");
        f.control.enslaveGroup(f.in(1), f.out(2), "");
        assertThat(f.in(1).state()).isEqualTo(QuantizationState.OVERLAPPED);
        assertThat(f.out(0).state()).isEqualTo(QuantizationState.SLAVE);
        assertThat(f.in(1).qparams()).contains(QuantizationParameters.of(9, 0));
    }

    @Test
    void aGroupMasteredByItsOwnHeadBecomesASelfRootedSlave() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.calibrate(f.out(0), Fixture.PARAMETERS, "");
        f.control.enslaveGroup(f.in(1), f.out(0), "");
        assertThat(f.out(0).state()).isEqualTo(QuantizationState.SLAVE);
        assertThat(f.out(0).isOwnRoot()).isTrue();
    }

    @Test
    void twoConfigsMasteredOnEachOtherStillHaveARoot() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "");
        f.control.calibrate(f.in(2), Fixture.PARAMETERS, "");
        f.control.enslave(f.in(1), f.in(2), "");
        f.control.enslave(f.in(2), f.in(1), "");
        assertThat(f.in(1).root()).isSameAs(f.in(2).root());
    }

    @Test
    void aMasterMustBeAbleToLead() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.enslave(f.in(1), f.in(2), "")).hasMessageContaining("leads nobody");
    }

    @Test
    void aSuspensionGivesEveryConfigItsStateBackOnce() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.deactivate(f.in(2), "");
        StateControl.Suspension s = f.control.dequantize(List.of(f.in(0), f.in(1), f.in(2)));
        assertThat(List.of(f.in(0), f.in(1), f.in(2))).allMatch(c -> c.state() == QuantizationState.DEQUANTIZED);
        s.close();
        int closed = f.journal.entries().size();
        s.close();
        assertThat(f.journal.entries()).hasSize(closed);
        assertThat(f.in(0).state()).isEqualTo(QuantizationState.ACTIVATED);
        assertThat(f.in(1).state()).isEqualTo(QuantizationState.OVERLAPPED);
        assertThat(f.in(2).state()).isEqualTo(QuantizationState.DEACTIVATED);
        f.control.reactivate(f.in(2), "");
        assertThat(f.in(2).state()).isEqualTo(QuantizationState.INITIAL);
    }

    @Test
    void reactivationGivesParametersBack() {
        Fixture f = new Fixture();
        f.control.calibrate(f.in(0), Fixture.PARAMETERS, "");
        f.control.deactivate(f.in(0), "");
        f.control.reactivate(f.in(0), "");
        assertThat(f.in(0).state()).isEqualTo(QuantizationState.ACTIVATED);
        assertThat(f.in(0).qparams()).contains(Fixture.PARAMETERS);
    }

    @Test
    void bakingReplacesTheInitializerAndNeedsAParameterWithOneUse() {
        Fixture f = new Fixture();
        f.control.calibrate(f.weight(0), Fixture.PARAMETERS, "");
        f.control.bake(f.weight(0), Tensor.ofFloats(new long[] {2}, 3, 4), "");
        assertThat(f.graph.initializer("w0").orElseThrow().floats()).containsExactly(3, 4);
        f.control.calibrate(f.in(1), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.bake(f.in(1), Tensor.scalar(1), ""))
                .hasMessageContaining("only an initializer");
        f.control.calibrate(f.weight(1), Fixture.PARAMETERS, "");
        assertThatThrownBy(() -> f.control.bake(f.weight(1), Tensor.scalar(1), ""))
                .hasMessageContaining("another shape");
        f.graph.edit().replace(f.graph.node("n2").orElseThrow().withInput(1, "w1"));
        assertThatThrownBy(() -> f.control.bake(f.weight(1), Tensor.ofFloats(new long[] {2}, 1, 1), ""))
                .hasMessageContaining("2 uses");
    }

    @Test
    void parametersMustFitTheScheme() {
        Fixture f = new Fixture();
        assertThatThrownBy(() ->
                        f.control.calibrate(f.in(0), new QuantizationParameters(new float[] {1, 2}, new float[2]), ""))
                .hasMessageContaining("per-tensor");
        assertThatThrownBy(() -> f.control.revise(f.in(0), Fixture.SCHEME.perChannel(0), ""))
                .hasMessageContaining("granularity");
    }

    @Test
    void perChannelParametersMustFitTheWeightsAxis() {
        Fixture f = new Fixture();
        dev.detent.spi.graph.Node n =
                dev.detent.spi.graph.Node.of("m", "MatMul", List.of("v3", "w"), List.of("v4"), java.util.Map.of());
        f.graph
                .edit()
                .initializer("w", Tensor.ofFloats(new long[] {2, 3}, new float[6]))
                .add(n);
        for (int axis : new int[] {1, 2}) {
            QuantizationConfigs configs = new QuantizationConfigs();
            configs.add(
                    n,
                    f.graph,
                    "t",
                    dev.detent.spi.backend.NodeRule.uniform(
                            n,
                            new dev.detent.spi.backend.TensorRule(
                                    Fixture.SCHEME.perChannel(axis),
                                    "minmax",
                                    dev.detent.spi.backend.InitialState.INITIAL)),
                    QuantizationConfigs.Prescriptions.NONE);
            StateMachine control =
                    new StateMachine(configs, f.graph, f.journal, "p", "q", EnumSet.allOf(Transition.class));
            var weight = configs.config(dev.detent.spi.quant.Slot.input("m", 1)).orElseThrow();
            assertThatThrownBy(() ->
                            control.calibrate(weight, new QuantizationParameters(new float[] {1, 1}, new float[2]), ""))
                    .hasMessageContaining("do not fit axis");
            if (axis == 1) {
                control.calibrate(weight, new QuantizationParameters(new float[] {1, 1, 1}, new float[3]), "");
                assertThat(weight.qparams()).isPresent();
            }
        }
    }

    @Test
    void everyVerbChecksItsControlAndItsEvidence() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        StateMachine narrow =
                new StateMachine(f.configs, f.graph, f.journal, "narrow", "p", EnumSet.of(Transition.CALIBRATE));
        assertThatThrownBy(() -> narrow.overlap(f.in(1), f.out(0), "")).hasMessageContaining("declared only");
        f.control.calibrate(f.out(0), Fixture.PARAMETERS, "");
        assertThatThrownBy(() ->
                        f.control.lead(f.in(1), new QuantizationParameters(new float[] {1, 2}, new float[2]), ""))
                .hasMessageContaining("per-tensor");
        int before = f.journal.entries().size();
        f.control.dequantize(List.of(f.in(0))).close();
        assertThat(f.journal.entries().subList(before, before + 2).stream().map(Journal.Entry::verb))
                .containsExactly(Transition.SUSPEND, Transition.RESUME);
        assertThat(f.in(0).observer()).isEqualTo("minmax");
        assertThat(f.configs.snapshot().inputs(f.graph.node("n0").orElseThrow()))
                .hasSize(2);
        assertThat(f.configs.snapshot().outputs(f.graph.node("n0").orElseThrow()))
                .hasSize(1);
    }

    @Test
    void aCoveredConfigCannotBeCalibratedOnItsOwn() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        assertThatThrownBy(() -> f.control.calibrate(f.in(1), Fixture.PARAMETERS, ""))
                .hasMessageContaining("n0:out:0");
    }

    @Test
    void aControlKnowsItsVerbsItsThreadAndItsEnd() throws InterruptedException {
        Fixture f = new Fixture();
        StateMachine narrow =
                new StateMachine(f.configs, f.graph, f.journal, "narrow", "p", EnumSet.of(Transition.CALIBRATE));
        assertThatThrownBy(() -> narrow.keepFloat(f.in(0), "")).hasMessageContaining("declared only [CALIBRATE]");
        Throwable[] thrown = new Throwable[1];
        Thread t = new Thread(() -> {
            try {
                narrow.calibrate(f.in(0), Fixture.PARAMETERS, "");
            } catch (PluginException e) {
                thrown[0] = e;
            }
        });
        t.start();
        t.join();
        assertThat(thrown[0]).hasMessageContaining("thread");
        narrow.close();
        assertThatThrownBy(() -> narrow.calibrate(f.in(0), Fixture.PARAMETERS, ""))
                .hasMessageContaining("over");
        assertThatThrownBy(() -> f.control.calibrate(new Fixture().in(0), Fixture.PARAMETERS, ""))
                .hasMessageContaining("does not belong");
    }

    @Test
    void aSnapshotKeepsRootsAndNoControlReachesIt() {
        Fixture f = new Fixture();
        f.control.overlap(f.in(1), f.out(0), "");
        f.control.calibrate(f.out(0), Fixture.PARAMETERS, "");
        var copy = f.configs.snapshot();
        var covered = copy.config(f.in(1).slot()).orElseThrow();
        assertThat(covered.root().slot()).isEqualTo(f.out(0).slot());
        f.control.recalibrate(f.out(0), "");
        assertThat(covered.qparams()).contains(Fixture.PARAMETERS);
        assertThat(copy.config(f.out(0).slot()).orElseThrow().state()).isEqualTo(QuantizationState.ACTIVATED);
        assertThatThrownBy(
                        () -> f.control.recalibrate(copy.config(f.out(0).slot()).orElseThrow(), ""))
                .hasMessageContaining("does not belong");
    }
}
