package dev.detent.host.search;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.MultiplyAdds;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a search saves: what a unit that is not plain costs more than a plain one. */
public enum CostModel {

    /**
     * Multiply-adds, those of wider numbers at the price of the width: 16-bit activations twice, float four times as
     * dear as 8 bits (bits by bits, as AIMET and HAQ count bit operations). Nodes that multiply nothing cost what they
     * write.
     */
    MACS {
        @Override
        double cost(List<Node> nodes, Graph graph, Map<String, Double> milliseconds, Width width) {
            long macs = nodes.stream().mapToLong(n -> MultiplyAdds.of(n, graph)).sum();
            return width.extra() * (double) Math.max(macs, written(nodes, graph));
        }
    },

    /** Bytes of weights in the file: only float weights cost more. */
    BYTES {
        @Override
        double cost(List<Node> nodes, Graph graph, Map<String, Double> milliseconds, Width width) {
            long weights = nodes.stream()
                    .flatMap(n -> n.inputs().stream())
                    .distinct()
                    .flatMap(v -> graph.initializer(v).stream())
                    .mapToLong(t -> t.bytes().remaining())
                    .sum();
            // What moves no bytes still breaks a chain of integers: of two that bring the same, the smaller one goes.
            return width == Width.FLOAT ? 3.0 * weights + 1 : 1;
        }
    },

    /**
     * Milliseconds that the float operators take on this machine. 16 bits are reckoned at a third of it, as where a
     * chip has them; where it computes them as floats, float is the better choice anyway.
     */
    TIME {
        @Override
        double cost(List<Node> nodes, Graph graph, Map<String, Double> milliseconds, Width width) {
            double all = nodes.stream()
                    .mapToDouble(n -> milliseconds.getOrDefault(n.name(), 0.0))
                    .sum();
            // As above: what takes no time still breaks a chain of integers.
            return (all + 1e-6) * width.extra() / Width.FLOAT.extra();
        }
    };

    /** How wide a unit computes. */
    public enum Width {
        /** The target's own rules. */
        PLAIN(0),
        /** Activations of 16 bits, weights as the target's own rules have them. */
        SIXTEEN(1),
        /** Not quantized. */
        FLOAT(3);

        private final int extra;

        Width(int extra) {
            this.extra = extra;
        }

        /** Price of a multiply-add beyond that of 8 bits by 8 bits. */
        int extra() {
            return extra;
        }
    }

    /**
     * What a unit costs beyond a plain one.
     *
     * @param milliseconds by node, where they were measured
     */
    abstract double cost(List<Node> nodes, Graph graph, Map<String, Double> milliseconds, Width width);

    private static long written(List<Node> nodes, Graph graph) {
        return nodes.stream()
                .mapToLong(n -> MultiplyAdds.elements(graph, n.output(0)))
                .sum();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
