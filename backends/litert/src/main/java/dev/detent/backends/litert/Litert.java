package dev.detent.backends.litert;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.export.FloatNodes;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.pf4j.Extension;

/**
 * LiteRT's int8 specification (tensorflow.org/lite/performance/quantization_spec): activations asymmetric per tensor,
 * weights symmetric [-127, 127] per output channel, bias int32; and its variant of 16-bit symmetric activations.
 */
@Extension
public final class Litert implements Backend, ObserverProvider {

    static final Scheme S8 = LinearInteger.asymmetric(8, -128, 127);
    static final Scheme S16 = LinearInteger.symmetric(16, -32768, 32767).with(ScaleRule.MAGNITUDE);
    private static final Scheme WEIGHT = LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE);
    private static final Set<String> PROBABILITIES = Set.of("Softmax", "Sigmoid");

    @Override
    public List<Target> targets() {
        return List.of(
                target(
                        "litert",
                        "LiteRT (TensorFlow Lite): int8 .tflite, weights per channel; also for TFLite Micro, Ethos-U, Coral",
                        S8,
                        Operators.INTEGER),
                target(
                        "litert16",
                        "LiteRT: .tflite with int16 activations and int8 weights per channel",
                        S16,
                        Operators.INTEGER_16));
    }

    private static Target target(String id, String summary, Scheme activation, Set<String> types) {
        return DeclaredTarget.of(id, summary)
                .quantizes(types)
                .onlyIf(Litert::hasKernel)
                .moves(Operators.MOVES.stream()
                        .filter(t -> !t.equals("Concat"))
                        .collect(Collectors.toUnmodifiableSet()))
                .activations(activation, "mse")
                .channelWeights(WEIGHT, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .derivedBias(LinearInteger.int32().perChannel(0), "minmax")
                .outputs(new TensorRule(activation, FixedEncoding.PROBABILITY, InitialState.INITIAL), PROBABILITIES)
                .outputs(new TensorRule(activation, FixedEncoding.TANH, InitialState.INITIAL), Set.of("Tanh"))
                .recipe(host -> host.integer().with("alignment", Map.of("elementwise", "None")))
                .writes(new TfliteExporter(), new QdqExporter("the same numbers as Q/DQ nodes"))
                .lint(m -> islands(m, types))
                .build();
    }

    /** Operators that LiteRT has an integer kernel for in this form. */
    private static boolean hasKernel(Node n, Graph graph) {
        return Operators.isKnown(n)
                && switch (n.opType()) {
                    case "Conv", "ConvTranspose" ->
                        graph.isInitializer(n.input(1)) && (!n.hasInput(2) || graph.isInitializer(n.input(2)));
                    case "Gemm" -> isPlain(n, graph);
                    // BATCH_MATMUL has one scale for each side.
                    case "MatMul" ->
                        graph.initializer(n.input(1)).map(w -> w.rank() == 2).orElse(true);
                    case "Elu" -> n.floatAttribute("alpha", 1) == 1;
                    default -> true;
                };
    }

    /** A layer of its own: constant matrix and bias vector, no factors. */
    private static boolean isPlain(Node n, Graph graph) {
        return graph.isInitializer(n.input(1))
                && (!n.hasInput(2)
                        || graph.initializer(n.input(2)).map(b -> b.rank() == 1).orElse(false))
                && n.intAttribute("transA", 0) == 0
                && n.floatAttribute("alpha", 1) == 1
                && n.floatAttribute("beta", 1) == 1;
    }

    private static List<Problem> islands(QuantizedModel model, Set<String> types) {
        return FloatNodes.islands(model).stream()
                .filter(n -> !n.isOneOf(types))
                .map(n -> Problem.note(
                        LitertProblems.FLOAT_ISLAND,
                        "stays float between integer operators, for LiteRT has no integer " + n.opType(),
                        n.name()))
                .toList();
    }

    @Override
    public List<ObserverDefinition> observers() {
        return FixedEncoding.DEFINITIONS;
    }
}
