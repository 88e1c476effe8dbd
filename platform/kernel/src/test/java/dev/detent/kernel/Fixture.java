package dev.detent.kernel;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.Transition;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/** A chain of three adds with constants: six configs for activations, three for parameters. */
final class Fixture {

    static final Scheme SCHEME = LinearInteger.symmetric(8, -128, 127);
    static final QuantizationParameters PARAMETERS = QuantizationParameters.of(0.5f, 0);

    final Graph graph;
    final QuantizationConfigs configs = new QuantizationConfigs();
    final Journal journal = new Journal();
    final StateMachine control;
    /** What {@link #ask} switched off, the latest on top. */
    final Deque<StateControl.Suspension> suspended = new ArrayDeque<>();

    Fixture() {
        this(QuantizationConfigs.Prescriptions.NONE);
    }

    Fixture(QuantizationConfigs.Prescriptions prescriptions) {
        GraphEditor e = new Graph().edit().opset("", 13);
        for (int i = 0; i < 3; i++) {
            e.initializer("w" + i, Tensor.ofFloats(new long[] {2}, 1, 2));
            e.add(Node.of("n" + i, "Add", List.of("v" + i, "w" + i), List.of("v" + (i + 1)), Map.of()));
        }
        graph = e.graph();
        for (Node n : graph.nodes()) {
            configs.add(
                    n,
                    graph,
                    "t",
                    NodeRule.uniform(n, new TensorRule(SCHEME, "minmax", InitialState.INITIAL)),
                    prescriptions);
        }
        control = new StateMachine(configs, graph, journal, "test", "plugin 1", EnumSet.allOf(Transition.class));
    }

    TensorConfig in(int node) {
        return (TensorConfig) configs.config(Slot.input("n" + node, 0)).orElseThrow();
    }

    TensorConfig weight(int node) {
        return (TensorConfig) configs.config(Slot.input("n" + node, 1)).orElseThrow();
    }

    TensorConfig out(int node) {
        return (TensorConfig) configs.config(Slot.output("n" + node, 0)).orElseThrow();
    }

    /**
     * Brings a config, its own root, into a state by legal verbs only where possible; OVERLAPPED and SLAVE take
     * {@code other} as parent.
     */
    TensorConfig bring(TensorConfig c, TensorConfig other, QuantizationState state) {
        switch (state) {
            case INITIAL -> {}
            case ACTIVATED -> control.calibrate(c, PARAMETERS, "");
            case OVERLAPPED -> control.overlap(c, other, "");
            case SLAVE -> {
                control.calibrate(c, PARAMETERS, "");
                control.calibrate(other, PARAMETERS, "");
                control.enslave(c, other, "");
            }
            case PASSIVE_INIT -> control.await(c, "");
            case PASSIVE -> {
                control.await(c, "");
                control.derive(c, PARAMETERS, "");
            }
            case BAKED -> {
                control.calibrate(c, PARAMETERS, "");
                control.bake(c, graph.initializer(c.value()).orElseThrow(), "");
            }
            case PASSIVE_BAKED -> {
                control.await(c, "");
                control.derive(c, PARAMETERS, "");
                control.bake(c, graph.initializer(c.value()).orElseThrow(), "");
            }
            case FP32 -> control.keepFloat(c, "");
            case SOI -> control.markShape(c, "");
            case DEACTIVATED -> control.deactivate(c, "");
            case DEQUANTIZED -> control.dequantize(List.of(c));
        }
        return c;
    }

    /**
     * Asks for a verb with evidence that satisfies its guards; RESUME closes the latest suspension, if there is one.
     */
    void ask(Transition verb, TensorConfig c, TensorConfig master) {
        switch (verb) {
            case CALIBRATE -> control.calibrate(c, PARAMETERS, "why");
            case RECALIBRATE -> control.recalibrate(c, "why");
            case OVERLAP -> control.overlap(c, master, "why");
            case ENSLAVE -> control.enslave(c, master, "why");
            case ENSLAVE_GROUP -> control.enslaveGroup(c, master, "why");
            case LEAD -> control.lead(c, QuantizationParameters.of(2, 0), "why");
            case AWAIT -> control.await(c, "why");
            case DERIVE -> control.derive(c, PARAMETERS, "why");
            case BAKE -> control.bake(c, graph.initializer(c.value()).orElse(Tensor.scalar(1)), "why");
            case KEEP_FLOAT -> control.keepFloat(c, "why");
            case MARK_SHAPE -> control.markShape(c, "why");
            case DEACTIVATE -> control.deactivate(c, "why");
            case REACTIVATE -> control.reactivate(c, "why");
            case SUSPEND -> suspended.push(control.dequantize(List.of(c, master)));
            case REVISE -> control.revise(c, SCHEME.with(new CodeRange(4, -8, 7)), "why");
            case RESUME -> {
                if (!suspended.isEmpty()) {
                    suspended.pop().close();
                }
            }
        }
    }
}
