package dev.detent.support.qdq;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * The way back from {@link QdqGraphBuilder}: the graph without its Q/DQ nodes, integer weights as the real numbers they
 * stand for, and the parameters that stood at every slot. Values get the names they had before the insertion.
 *
 * @param graph a float graph with the slots of the model that was exported
 * @param parameters by slot; a slot that is fed or read by a pair
 */
public record QdqGraphReader(Graph graph, Map<Slot, QuantizationParameters> parameters) {

    private static final Set<String> DOMAINS = Set.of("", "com.microsoft");
    private static final String RAW = "_raw";
    private static final String QUANTIZED = "_quantized";

    /**
     * Reads a Q/DQ graph.
     *
     * @throws dev.detent.spi.problem.UserException naming file and node, where the graph is none that
     *     {@link QdqGraphBuilder} writes
     */
    public static QdqGraphReader of(ArtifactGraph file) {
        return of(file, QdqGraphReader::isPair);
    }

    /**
     * Reads a graph in which integer operators took codes and gave them: every Q and DQ that the model did not have is
     * one of ours, whoever reads it.
     */
    public static QdqGraphReader ofIntegerOperators(ArtifactGraph file) {
        return of(file, (graph, n) -> isInserted(graph, n) || isPair(graph, n));
    }

    private static QdqGraphReader of(ArtifactGraph artifact, BiPredicate<Graph, Node> isPair) {
        Map<Slot, QuantizationParameters> parameters = new LinkedHashMap<>();
        ArtifactGraph file = new ArtifactGraph(artifact.file(), artifact.graph().copy());
        SharedCodes.separate(file.graph().edit());
        QuantizedRows.restoreAll(file).forEach((node, p) -> parameters.put(Slot.input(node, 0), p));
        parameters.putAll(UnpackedWeights.restoreAll(file));
        Graph qdq = file.graph();
        Graph graph = qdq.copy();
        GraphEditor edit = graph.edit();
        for (Node n : qdq.nodes()) {
            if (isPair.test(qdq, n)) {
                continue;
            }
            for (int i = 0; i < n.inputs().size(); i++) {
                Optional<Node> dq =
                        qdq.producer(n.input(i)).filter(d -> is(d, "DequantizeLinear") && isPair.test(qdq, d));
                if (dq.isPresent()) {
                    parameters.put(Slot.input(n.name(), i), file.parameters(dq.get(), 1));
                }
            }
            for (int o = 0; o < n.outputs().size(); o++) {
                Set<Node> readers = qdq.consumers(n.output(o));
                if (readers.size() == 1
                        && is(readers.iterator().next(), "QuantizeLinear")
                        && isPair.test(qdq, readers.iterator().next())) {
                    parameters.put(
                            Slot.output(n.name(), o),
                            file.parameters(readers.iterator().next(), 1));
                }
            }
        }
        strip(file, edit, isPair);
        return new QdqGraphReader(graph, parameters);
    }

    private static boolean is(Node n, String opType) {
        return n.opType().equals(opType) && DOMAINS.contains(n.domain());
    }

    /** A QuantizeLinear or DequantizeLinear that the model did not have before it was quantized. */
    private static boolean isInserted(Graph graph, Node n) {
        return (is(n, "QuantizeLinear") || is(n, "DequantizeLinear")) && !OwnPairs.isOwn(graph, n);
    }

    /** Q, DQ, or the Clip between them; a model may hold some of its own whose codes it uses otherwise. */
    private static boolean isPair(Graph graph, Node n) {
        return is(n, "QuantizeLinear") && isInserted(graph, n) && isDequantized(graph, n)
                || is(n, "DequantizeLinear")
                        && isInserted(graph, n)
                        && (graph.isInitializer(n.input(0))
                                || graph.producer(n.input(0))
                                        .filter(p -> isPair(graph, p))
                                        .isPresent())
                || n.is("Clip")
                        && isDequantized(graph, n)
                        && graph.producer(n.input(0))
                                .filter(p -> is(p, "QuantizeLinear"))
                                .isPresent();
    }

    /** The codes that it gives are read, and only by a DequantizeLinear, or a Clip in front of one. */
    private static boolean isDequantized(Graph graph, Node codes) {
        Set<Node> readers = graph.consumers(codes.output(0));
        return !readers.isEmpty()
                && !graph.isOutput(codes.output(0))
                && readers.stream()
                        .allMatch(r -> is(r, "DequantizeLinear")
                                || r.is("Clip") && is(codes, "QuantizeLinear") && isDequantized(graph, r));
    }

    private static void strip(ArtifactGraph file, GraphEditor edit, BiPredicate<Graph, Node> isPair) {
        Graph qdq = file.graph();
        Map<String, String> roots = new LinkedHashMap<>();
        for (Node n : qdq.nodes()) {
            if (isPair.test(qdq, n)) {
                roots.put(n.output(0), roots.getOrDefault(n.input(0), n.input(0)));
                edit.remove(n);
            }
        }
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (Node n : qdq.nodes()) {
            if (is(n, "DequantizeLinear") && isInserted(qdq, n) && qdq.isInitializer(n.input(0))) {
                String codes = n.input(0);
                String name =
                        codes.endsWith(QUANTIZED) ? codes.substring(0, codes.length() - QUANTIZED.length()) : codes;
                weights.put(name, real(file, n));
                names.put(codes, name);
            } else if (isPair.test(qdq, n)) {
                String root = Objects.requireNonNull(roots.get(n.output(0)));
                if (root.equals(n.output(0) + RAW) || qdq.isOutput(n.output(0)) || qdq.isCaptured(n.output(0))) {
                    names.put(root, n.output(0));
                }
            }
        }
        for (Node n : List.copyOf(edit.graph().nodes())) {
            List<String> inputs = new ArrayList<>();
            n.inputs().forEach(v -> inputs.add(rename(names, roots.getOrDefault(v, v))));
            List<String> outputs = new ArrayList<>();
            n.outputs().forEach(v -> outputs.add(rename(names, v)));
            edit.replace(n.withInputs(inputs).withOutputs(outputs));
        }
        weights.forEach(edit::initializer);
        edit.removeUnreadInitializers();
        List.copyOf(edit.graph().valueInfos().keySet()).forEach(edit::removeValueInfo);
        file.sort(edit);
    }

    private static String rename(Map<String, String> names, String value) {
        return names.getOrDefault(value, value);
    }

    /** The values that the codes in front of a DequantizeLinear stand for. */
    private static Tensor real(ArtifactGraph file, Node n) {
        Tensor codes = file.constant(n, 0);
        QuantizationParameters p = file.parameters(n, 1);
        int[] q = file.codes(n, 0);
        Scheme scheme = scheme(codes.type());
        float[] values = new float[q.length];
        int stride = Integer.MAX_VALUE;
        if (p.channels() > 1) {
            long axis = n.intAttribute("axis", 1);
            axis = axis < 0 ? axis + codes.rank() : axis;
            if (axis < 0 || axis >= codes.rank() || codes.dim((int) axis) != p.channels()) {
                throw file.damaged(n, "has " + p.channels() + " scales that do not fit " + codes);
            }
            stride = new Granularity.PerChannel((int) axis).channelStride(codes.dims());
        }
        for (int i = 0; i < q.length; i++) {
            int channel = i / stride % p.channels();
            values[i] = scheme.system().value(q[i], p.scale(channel), p.zeroPoint(channel), scheme);
        }
        return Tensor.ofFloats(codes.dims(), values);
    }

    private static Scheme scheme(ElementType type) {
        return switch (type) {
            case FLOAT8E4M3FN -> FloatingPoint.E4M3.scheme();
            case FLOAT8E5M2 -> FloatingPoint.E5M2.scheme();
            default -> LinearInteger.asymmetric(type.bits(), type.lowest(), type.highest());
        };
    }
}
