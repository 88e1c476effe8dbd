package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.NumberSystemProvider;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.number.Widths;
import dev.detent.support.operator.EmbeddingTable;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.support.target.DeclaredTargetBuilder;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.pf4j.Extension;

/**
 * ONNX Runtime's providers. On x64 activations are uint8 asymmetric (with zero point 0 behind a ReLU its integer
 * kernels absorb the ReLU), weights int8 per output channel, bias int32 with scale input x weight; Arm's kernels want
 * signed activations; the QNN provider takes 16-bit ones. Network outputs stay float.
 */
@Extension
public final class OnnxRuntime implements Backend, NumberSystemProvider, ObserverProvider {

    private static final Scheme U8 = LinearInteger.asymmetric(8, 0, 255);
    private static final Scheme S8 = LinearInteger.asymmetric(8, -128, 127);
    private static final Scheme U16 = LinearInteger.asymmetric(16, 0, 65535);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);
    private static final Scheme BIAS = LinearInteger.int32().perChannel(0);

    /** Operators with integer kernels, or that move codes without touching them. */
    private static final Set<String> TYPES = OperatorTable.types(
            Trait.MOVES,
            "Conv ConvTranspose Gemm MatMul Relu Clip LeakyRelu Sigmoid Add Mul Concat AveragePool GlobalAveragePool");

    /**
     * Between Q/DQ nodes ONNX Runtime makes of it QLinearSoftmax, whose integer exponentials overflow for output scales
     * below 1/256 (1.28; ViT-tiny came out as noise), and a scale of 1/256 rounds most of an attention to zero. With a
     * float input it is left alone. A variance that rounds to zero makes a layer norm that is written out divide by its
     * root.
     */
    private static final Set<String> NOT_FUSED = Set.of("Softmax", "Sqrt", "Reciprocal", "Log");

    /**
     * What ONNX Runtime 1.28 makes integer kernels of on CPUs, found by building each operator between Q/DQ nodes and
     * looking at the rewritten model. ConvTranspose, Pad, Sub, SpaceToDepth and GlobalMaxPool stay float there, and so
     * does a Conv, Add, Concat, pool or Sigmoid with a float output; Gemm and MatMul give floats.
     */
    static final String KERNELS = "all=Conv,Add,Mul,Concat,AveragePool,GlobalAveragePool,Sigmoid,LeakyRelu"
            + ";inputs=Gemm,MatMul"
            + ";moves=MaxPool,Reshape,Flatten,Squeeze,Unsqueeze,Transpose,Resize,Slice,Split,Tile,Expand,Gather,"
            + "DepthToSpace,Identity"
            + ";behind=Relu,Clip";

    /** The host's integer recipe, quantizing only what those kernels gain by. */
    private static QuantizationRecipe onIslands(DefaultRecipes host) {
        return host.integer()
                .with(
                        "calibration",
                        Map.of(
                                "rival",
                                "percentile,minmax",
                                "parts",
                                6,
                                "useful-range",
                                true,
                                "corrected-biases",
                                true))
                .with("islands", Map.of("kernels", KERNELS))
                .with("float-fallback", Map.of("kernels", KERNELS, "corrected-biases", true));
    }

    /** For targets whose sums are floats by the time a bias is added. */
    private static QuantizationRecipe floatBiases(DefaultRecipes host) {
        return host.inputsOnly()
                .without("bias-room")
                .without("passive-parameters")
                .without("bias-correction");
    }

    /** Elements that share a scale in weight-only targets. */
    private static final int BLOCK = 32;

    /** Embedding tables of weight-only targets: 4 bits cost bge-small 0.7 dB of 12.2 and save 6 of 28 MB. */
    private static final Scheme BLOCKS_OF_8 =
            LinearInteger.symmetric(8, -128, 127).with(ScaleRule.MAGNITUDE).with(new Granularity.PerBlock(0, BLOCK));

    private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm");

    private static final Set<String> QNN_TYPES =
            OperatorTable.plus(TYPES, "Sub Div Softmax HardSwish Tanh Gelu PRelu ReduceMean LayerNormalization");

    @Override
    public List<Target> targets() {
        return List.of(
                integer(
                                "onnxruntime",
                                "ONNX Runtime on any CPU: uint8 activations, int8 per-channel weights with room for their sums, int32 bias",
                                U8)
                        .adjusted(OnnxRuntime::withRoom)
                        .adjusted(OnnxRuntime::tiedRows)
                        .lint(VnniOverflowLint::check)
                        .build(),
                integer(
                                "onnxruntime-vnni",
                                "ONNX Runtime on x64 with VNNI: the same, with weights over all of their range",
                                U8)
                        .build(),
                integer("onnxruntime-arm64", "ONNX Runtime on Arm: int8 activations and weights", S8)
                        .build(),
                qnn(
                                "qnn-ep",
                                "ONNX Runtime's QNN provider on HTP: uint8 activations, everything between the boundaries quantized",
                                U8)
                        .build(),
                qnn("qnn-ep16", "ONNX Runtime's QNN provider on HTP: uint16 activations, int8 per-channel weights", U16)
                        .build(),
                DeclaredTarget.of(
                                "onnxruntime-dynamic",
                                "ONNX Runtime: int8 weights of matrix products, activations quantized as they come; no data")
                        .quantizes(OperatorTable.plus(PRODUCTS, "Gather LSTM GRU RNN Conv ConvTranspose"))
                        .onlyIf((n, g) -> isProduct(n, g)
                                || EmbeddingTable.isReadBy(n, g)
                                || StoredWeights.isRecurrent(n, g)
                                || StoredWeights.isConvolution(n, g))
                        .activations(DynamicInteger.SCHEME, DynamicInteger.ID)
                        .channelWeights(WEIGHT, "minmax", OperatorTable.plus(PRODUCTS, "Conv ConvTranspose"))
                        .adjusted((rule, node, graph) -> node.isOneOf(PRODUCTS) ? withRoom(rule, node, graph) : rule)
                        .adjusted(OnnxRuntime::rows)
                        .adjusted(OnnxRuntime::tiedRows)
                        .adjusted((rule, node, graph) -> DynamicLstm.isSupported(node, graph)
                                ? DynamicLstm.rule(rule, node, WEIGHT)
                                : storedWeights(rule, node))
                        .floatOutputs()
                        .recipe(host -> floatBiases(host).with("calibration"))
                        .writes(new DynamicExporter())
                        .build(),
                blocks(
                        "onnxruntime-int4",
                        "ONNX Runtime: 4-bit weights of matrix products in blocks of 32, float arithmetic; no data",
                        4),
                blocks(
                        "onnxruntime-int8w",
                        "ONNX Runtime: 8-bit weights of matrix products in blocks of 32, float arithmetic; no data",
                        8));
    }

    private static Target blocks(String id, String summary, int bits) {
        // With 16 codes a zero point per block pays: 1.6 dB on normal weights, half a byte in 18.
        Scheme weight = bits == 4
                ? LinearInteger.asymmetric(bits, 0, 15)
                : LinearInteger.symmetric(bits, -(1L << bits - 1), (1L << bits - 1) - 1)
                        .with(ScaleRule.MAGNITUDE);
        return DeclaredTarget.of(id, summary)
                .quantizes(OperatorTable.plus(PRODUCTS, "Gather LSTM GRU RNN Conv ConvTranspose"))
                .alsoActivations(weight.with(new Granularity.PerBlock(0, BLOCK)), Set.of("Gather"))
                .onlyIf((n, g) -> isProduct(n, g)
                        || isTableOfBlocks(n, g)
                        || StoredWeights.isRecurrent(n, g)
                        || StoredWeights.isConvolution(n, g))
                .activations(S8, "mse")
                .channelWeights(weight, "minmax", PRODUCTS)
                .channelWeights(WEIGHT, "minmax", StoredWeights.CONVOLUTIONS)
                .floatOutputs()
                .adjusted((rule, node, graph) -> {
                    if (!node.isOneOf(PRODUCTS) && !node.is("Gather")) {
                        return storedWeights(rule, node);
                    }
                    if (node.is("Gather")) {
                        Scheme table = EmbeddingTable.isTied(node, graph)
                                ? weight.with(new Granularity.PerBlock(0, BLOCK))
                                : BLOCKS_OF_8;
                        return rule.input(0, new TensorRule(table, "minmax", InitialState.INITIAL));
                    }
                    TensorRule w = rule.inputs().get(1);
                    TensorRule activation = rule.inputs().get(0).with(InitialState.FP32);
                    Granularity blocks =
                            new Granularity.PerBlock(w.scheme().axis().orElseThrow(), BLOCK);
                    return rule.input(0, activation).input(1, w.with(w.scheme().with(blocks)));
                })
                .recipe(host -> floatBiases(host).without("calibration"))
                .writes(new BlockExporter())
                .build();
    }

    /** Weights that float operators have in int8 in the file. */
    private static NodeRule storedWeights(NodeRule rule, Node node) {
        return node.isOneOf(StoredWeights.CONVOLUTIONS)
                ? StoredWeights.kernel(rule, node)
                : StoredWeights.recurrent(rule, node, WEIGHT);
    }

    /** One scale for each row of an embedding table; what is taken from it is float. */
    private static NodeRule rows(NodeRule rule, Node node, Graph graph) {
        if (!EmbeddingTable.isReadBy(node, graph)) {
            return rule;
        }
        TensorRule table = new TensorRule(WEIGHT.perChannel(0), "minmax", InitialState.INITIAL);
        return NodeRule.uniform(node, table.with(InitialState.FP32)).input(0, table);
    }

    /** A matrix that the last product has too gets the codes it has there, so that the file holds them once. */
    private static NodeRule tiedRows(NodeRule rule, Node node, Graph graph) {
        return EmbeddingTable.isReadBy(node, graph) && EmbeddingTable.isTied(node, graph)
                ? rule.input(0, rule.inputs().get(0).observedBy(PairwiseSumObserver.ID))
                : rule;
    }

    /** GatherBlockQuantized fills up no short block. */
    private static boolean isTableOfBlocks(Node node, Graph graph) {
        return EmbeddingTable.isReadBy(node, graph)
                && graph.initializer(node.input(0)).orElseThrow().dim(1) % BLOCK == 0;
    }

    /** A product with a constant matrix, and of a Gemm with a plain bias. */
    private static boolean isProduct(Node n, Graph graph) {
        return n.isOneOf(PRODUCTS)
                && graph.initializer(n.input(1)).map(t -> t.rank() == 2).orElse(false)
                && n.intAttribute("transA", 0) == 0
                && n.floatAttribute("alpha", 1) == 1
                && n.floatAttribute("beta", 1) == 1
                && (!n.hasInput(2)
                        || graph.initializer(n.input(2)).map(t -> t.rank() == 1).orElse(false));
    }

    /** x64 CPUs without VNNI add two products in 16 bits. */
    private static NodeRule withRoom(NodeRule rule, Node node, Graph graph) {
        boolean sums = node.isOneOf(Set.of("Conv", "Gemm", "MatMul"))
                && graph.isInitializer(node.input(1))
                && !isDepthwise(node, graph);
        if (!sums) {
            return rule;
        }
        TensorRule weight = rule.inputs().get(1);
        // One scale for all rows: so narrow that any two fit.
        return rule.input(
                1,
                weight.scheme().isPerChannel()
                        ? weight.observedBy(PairwiseSumObserver.ID)
                        : weight.with(weight.scheme().with(new CodeRange(7, -64, 64))));
    }

    /**
     * ONNX Runtime makes a Gemm of a MatMul and the Add behind it, and an integer one only where the bias is an integer
     * too; with a float bias it computes in float, from weights that it dequantizes at every run (ViT-tiny: 62 ms,
     * float 43).
     */
    private static NodeRule addedBias(NodeRule rule, Node node, Graph graph) {
        OptionalInt bias = ConvolutionContext.productWithBias(node, graph);
        if (bias.isEmpty()) {
            return rule;
        }
        TensorRule unquantized = rule.inputs().get(0).with(InitialState.FP32);
        return NodeRule.uniform(node, unquantized)
                .input(bias.getAsInt(), new TensorRule(BIAS, "minmax", InitialState.PASSIVE_INIT));
    }

    /**
     * QLinearAveragePool (1.28) divides the sums of windows that hang over the padded end by another count than
     * AveragePool does.
     */
    private static boolean overhangs(Node node) {
        return node.is("AveragePool")
                && node.intAttribute("ceil_mode", 0) == 1
                && node.intAttribute("count_include_pad", 0) == 1;
    }

    /** One input and one output channel per group. */
    static boolean isDepthwise(Node node, Graph graph) {
        return node.is("Conv")
                && graph.initializer(node.input(1))
                        .map(w -> w.dim(1) == 1 && w.dim(0) == node.intAttribute("group", 1))
                        .orElse(false);
    }

    private static DeclaredTargetBuilder integer(String id, String summary, Scheme activation) {
        return DeclaredTarget.of(id, summary)
                .quantizes(OperatorTable.plus(TYPES, "LSTM GRU RNN"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(activation, "mse")
                .onlyIf((n, g) -> OperatorTable.is(n, Trait.WEIGHTED)
                        || StoredWeights.isRecurrent(n, g)
                        || EmbeddingTable.isReadBy(n, g)
                        || !overhangs(n) && ConvolutionContext.areConvolutions(n, g)
                        || ConvolutionContext.productWithBias(n, g).isPresent())
                .outputs(new TensorRule(activation, "mse", InitialState.FP32), Set.of("MatMul"))
                .adjusted(OnnxRuntime::addedBias)
                .adjusted(OnnxRuntime::rows)
                .adjusted((rule, node, graph) -> StoredWeights.recurrent(rule, node, WEIGHT))
                .channelWeights(WEIGHT, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(BIAS, "minmax")
                .alsoActivations(U16, TYPES)
                .alsoWeights(Widths.of(WEIGHT, 4), OperatorTable.types(Trait.WEIGHTED))
                .alsoWeights(Widths.of(WEIGHT, 16), OperatorTable.types(Trait.WEIGHTED))
                .floatNetworkOutputs()
                .floatInto(NOT_FUSED)
                .recipe(OnnxRuntime::onIslands)
                .writes(
                        new QdqExporter(
                                "QuantizeLinear and DequantizeLinear nodes",
                                QdqGraphBuilder.Form.BEHIND_MOVES,
                                QdqGraphBuilder.Form.UNPACKED_WEIGHTS,
                                QdqGraphBuilder.Form.SUMMED_PRODUCTS),
                        new QOperatorExporter());
    }

    /**
     * Output encodings that the provider fixes for probabilities
     * (onnxruntime/quantization/execution_providers/qnn/quant_config.py).
     */
    private static DeclaredTargetBuilder qnn(String id, String summary, Scheme activation) {
        return DeclaredTarget.of(id, summary)
                .quantizes(QNN_TYPES)
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(activation, "mse")
                .channelWeights(WEIGHT, "minmax", Set.of("Conv", "ConvTranspose"))
                .weights(
                        LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE),
                        "minmax",
                        Set.of("Gemm", "MatMul"))
                .derivedBias(BIAS, "minmax")
                .alsoActivations(U8, QNN_TYPES)
                .alsoActivations(U16, QNN_TYPES)
                .writes(new QdqExporter(
                        "for the QNN provider; 16-bit pairs in the domain com.microsoft",
                        QdqGraphBuilder.Form.CONTRIB));
    }

    @Override
    public List<NumberSystem> numberSystems() {
        return List.of(DynamicInteger.SCHEME.system());
    }

    @Override
    public List<ObserverDefinition> observers() {
        return List.of(DynamicInteger.OBSERVER, PairwiseSumObserver.DEFINITION);
    }
}
