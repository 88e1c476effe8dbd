package dev.detent.passes.calibration;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;

/**
 * Values beyond which everything that reads a tensor saturates: what a convolution gives below -10 is nothing behind a
 * SiLU, so a range that reaches to -85, as depthwise layers have them, would waste its steps. A bound lies where the
 * reader's result is within a quarter of a step of its limit, a step being 2^-bits.
 */
record ConsumerSaturationRange(double lowest, double highest) {

    static final ConsumerSaturationRange ALL =
            new ConsumerSaturationRange(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** The range that an operator looks at in its input 0. */
    private interface Reader {
        ConsumerSaturationRange of(Node node, double nats);
    }

    /** {@code nats} is -ln of a quarter of a step. */
    private static final Map<String, Reader> READERS = Map.of(
            // 1 - s(x) = s(-x) < e^-x
            "Sigmoid", (n, nats) -> new ConsumerSaturationRange(-nats, nats),
            // 1 - tanh(x) < 2 e^-2x
            "Tanh", (n, nats) -> new ConsumerSaturationRange(-(nats + Math.log(2)) / 2, (nats + Math.log(2)) / 2),
            "HardSigmoid", (n, nats) -> hardSigmoid(n),
            "HardSwish", (n, nats) -> from(-3),
            "Relu", (n, nats) -> from(0),
            // x s(x)
            "Mish", (n, nats) -> from(-gate(nats)),
            // |x| P(-|x|) < p(x), the normal density
            "Gelu", (n, nats) -> from(-Math.sqrt(2 * nats - Math.log(2 * Math.PI))),
            "Elu", (n, nats) -> from(-nats),
            "Softplus", (n, nats) -> from(-nats));

    /** At their limits from a point on, not only near them. */
    private static final Set<String> EXACT = Set.of("Relu", "HardSwish", "HardSigmoid");

    /**
     * The range beyond which all consumers of a value saturate.
     *
     * @param rounds the result of this node is quantized; where it stays float, as scores that leave the network do,
     *     there is no step that a small difference could be compared with
     */
    static ConsumerSaturationRange of(Graph graph, String value, int bits, Predicate<Node> rounds) {
        double nats = (bits + 2) * Math.log(2);
        if (graph.isOutput(value) || graph.consumers(value).isEmpty()) {
            return ALL;
        }
        return graph.consumers(value).stream()
                .map(n -> rounds.test(n) || n.isOneOf(EXACT) ? of(graph, n, value, nats) : ALL)
                .reduce((a, b) ->
                        new ConsumerSaturationRange(Math.min(a.lowest, b.lowest), Math.max(a.highest, b.highest)))
                .orElse(ALL);
    }

    private static ConsumerSaturationRange of(Graph graph, Node node, String value, double nats) {
        if (node.is("Mul") && !node.input(0).equals(node.input(1))) {
            Node gate = graph.producer(node.input(node.input(0).equals(value) ? 1 : 0))
                    .filter(p -> p.input(0).equals(value))
                    .orElse(node);
            return gate.is("Sigmoid")
                    ? from(-gate(nats))
                    : gate.is("HardSigmoid") ? from(hardSigmoid(gate).lowest) : ALL;
        }
        Reader reader = node.domain().isEmpty() ? READERS.get(node.opType()) : null;
        return reader == null ? ALL : reader.of(node, nats);
    }

    private static ConsumerSaturationRange from(double lowest) {
        return new ConsumerSaturationRange(lowest, Double.POSITIVE_INFINITY);
    }

    /** Where x e^-x is as small: x = nats + ln x, which settles fast. */
    private static double gate(double nats) {
        return DoubleStream.iterate(nats, x -> nats + Math.log(x))
                .skip(8)
                .findFirst()
                .orElseThrow();
    }

    private static ConsumerSaturationRange hardSigmoid(Node n) {
        double alpha = n.floatAttribute("alpha", 0.2f);
        double beta = n.floatAttribute("beta", 0.5f);
        return alpha > 0 ? new ConsumerSaturationRange(-beta / alpha, (1 - beta) / alpha) : ALL;
    }
}
