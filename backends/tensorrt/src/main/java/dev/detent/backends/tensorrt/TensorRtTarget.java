package dev.detent.backends.tensorrt;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.operator.WeightLayout;
import dev.detent.support.qdq.QdqExporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * TensorRT with explicit quantization: symmetric INT8 with scale amax / 127, Q/DQ on the inputs of weighted operators
 * and on the shortcut of a residual Add, weights per output channel, bias float, nothing on outputs. Numbers: TensorRT
 * stores [-128, 127].
 */
final class TensorRtTarget implements Target {

    private static final int THIN = 16;
    private static final int LARGE_KERNEL = 32;
    /** Of channels, for an INT8 transposed convolution (NVIDIA/TensorRT issue 1934; no longer in 10.9). */
    private static final int LEAST_OF_A_GROUP = 4;

    private final String id;
    private final String summary;
    private final Scheme scheme;
    private final List<Exporter> exporters;

    private TensorRtTarget(String id, String summary, Scheme scheme, Exporter... exporters) {
        this.id = id;
        this.summary = summary;
        this.scheme = scheme;
        this.exporters = List.of(exporters);
    }

    static TensorRtTarget int8() {
        return new TensorRtTarget(
                "tensorrt",
                "TensorRT explicit INT8: symmetric, Q/DQ where a kernel consumes them, float bias",
                LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE),
                new QdqExporter("explicit quantization, TensorRT 8 and newer"),
                new RangeExporter());
    }

    static TensorRtTarget fp8() {
        return new TensorRtTarget(
                "tensorrt-fp8",
                "TensorRT explicit FP8: E4M3, scale amax / 448, Hopper and newer",
                FloatingPoint.E4M3.scheme(),
                new QdqExporter("explicit E4M3, opset 19, TensorRT 9 and newer"));
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public String summary() {
        return summary;
    }

    @Override
    public boolean supports(Node node, Graph graph) {
        return OperatorTable.is(node, Trait.WEIGHTED) && paysOff(node, graph) || node.is("Add") && fusable(node, graph);
    }

    /**
     * NVIDIA modelopt's defaults: small matrices and thin convolutions are not worth an INT8 kernel and stay float; an
     * FP8 convolution wants more than 16 channels and a small kernel.
     */
    private boolean paysOff(Node node, Graph graph) {
        Tensor w = graph.initializer(node.input(1)).orElse(null);
        if (w == null) {
            return !node.is("Conv", "ConvTranspose");
        }
        if (node.is("Gemm", "MatMul")) {
            return w.rank() < 2 || w.dim(-1) >= THIN && w.dim(-2) >= THIN;
        }
        Optional<WeightLayout> layout = WeightLayout.of(node, w);
        if (layout.isEmpty()) {
            return false;
        }
        int group = layout.get().groups();
        int out = layout.get().outputChannels();
        int in = layout.get().inputChannels();
        if (!scheme.system().isAffineInteger()) {
            return in > THIN && out > THIN && w.elementCount() / w.dim(0) / w.dim(1) <= LARGE_KERNEL;
        }
        if (in >= THIN && out >= THIN) {
            return true;
        }
        boolean square = w.rank() == 4 && w.dim(2) == w.dim(3);
        return group == 1
                ? square && (in % 8 == 0 || out % 8 == 0) && (graph.isInput(node.input(0)) || in >= THIN || out >= THIN)
                : out % 8 == 0 && square && w.dim(2) >= 3;
    }

    private boolean fusable(Node node, Graph graph) {
        ResidualFusion residuals = residuals(graph);
        return residuals.isResidual(node) && residuals.fused(node).isPresent();
    }

    /** A pair in front of an Add pays off only where the convolution that it joins is quantized itself. */
    private ResidualFusion residuals(Graph graph) {
        return new ResidualFusion(graph, n -> paysOff(n, graph));
    }

    @Override
    public Rules rules() {
        return this::rule;
    }

    @Override
    public QuantizationRecipe recipe(DefaultRecipes host) {
        QuantizationRecipe profile = host.inputsOnly().without("passive-parameters");
        // A float format's step grows with the value: channels of different ranges share a scale without loss.
        return scheme.system().isAffineInteger()
                ? profile.with("smoothing")
                        .with("adaptive-rounding")
                        .with("calibration", Map.of("rival", "percentile", "rival-samples", 128, "useful-range", true))
                : profile;
    }

    @Override
    public List<Exporter> exporters() {
        return exporters;
    }

    private NodeRule rule(Node node, Graph graph) {
        TensorRule active = new TensorRule(scheme, "mse", InitialState.INITIAL);
        NodeRule rule = NodeRule.uniform(node, active);
        for (int i = 0; i < node.outputs().size(); i++) {
            rule = rule.output(i, active.with(InitialState.FP32));
        }
        if (node.is("Add")) {
            OptionalInt fused = residuals(graph).fused(node);
            return rule.input(fused.orElseThrow(), active.with(InitialState.FP32));
        }
        if (graph.isInitializer(node.input(1))) {
            rule = rule.input(
                    1,
                    new TensorRule(WeightLayout.perOutputChannel(scheme, node, graph), "minmax", InitialState.INITIAL));
        }
        return node.inputs().size() > 2 ? rule.input(2, active.with(InitialState.FP32)) : rule;
    }

    /** Every Add of a convolution that will not become one kernel with it, and what else TensorRT refuses. */
    @Override
    public List<Problem> lint(QuantizedModel model) {
        Graph graph = model.graph();
        ResidualFusion residuals = new ResidualFusion(graph, n -> true);
        List<Problem> problems = new ArrayList<>();
        for (Node n : graph.nodes()) {
            if (hasThinGroups(n, graph) && isQuantized(n, model)) {
                problems.add(Problem.warning(
                        TensorRtProblems.THIN_GROUPS,
                        "is a transposed convolution with fewer than " + LEAST_OF_A_GROUP
                                + " channels in each of its groups, which TensorRT before 10.9 cannot build in INT8; use"
                                + " a newer one, or --keep-float " + n.name(),
                        n.name()));
            }
            if (!residuals.isResidual(n)) {
                continue;
            }
            boolean fromConvolution = List.of(0, 1).stream()
                    .anyMatch(i -> graph.producer(n.input(i))
                            .map(p -> OperatorTable.is(p, Trait.WEIGHTED))
                            .orElse(false));
            if (residuals.fused(n).isEmpty()) {
                problems.add(
                        fromConvolution
                                ? Problem.warning(
                                        TensorRtProblems.ADD_NOT_FUSED,
                                        "will not fuse with its convolution: the convolution's output has another consumer, so the Add runs in float",
                                        n.name())
                                : Problem.note(
                                        TensorRtProblems.ADD_WITHOUT_CONVOLUTION,
                                        "adds two tensors of which neither comes straight from a convolution; it runs in float",
                                        n.name()));
            }
        }
        return problems;
    }

    private boolean hasThinGroups(Node node, Graph graph) {
        long groups = node.intAttribute("group", 1);
        return scheme.system().isAffineInteger()
                && node.is("ConvTranspose")
                && groups > 1
                && graph.initializer(node.input(1))
                        .filter(w -> Math.min(w.dim(0) / groups, w.dim(1)) < LEAST_OF_A_GROUP)
                        .isPresent();
    }

    private static boolean isQuantized(Node node, QuantizedModel model) {
        return model.quantization()
                .config(Slot.input(node.name(), 1))
                .filter(c -> c.state().isWritten())
                .isPresent();
    }
}
