package dev.detent.support.kernel;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.operator.MultiplyAdds;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What integer kernels gain where nothing but their size decides. Times are of ONNX Runtime 1.28 on one thread of an
 * AVX2 CPU; {@code docs/targets/onnxruntime.md} has them.
 *
 * @param multiplyAdds of the whole network
 */
record IntegerGains(Graph graph, long multiplyAdds) {

    /**
     * Multiply-adds that an integer kernel must save a conversion at the border of an island: some 2 µs, of which each
     * multiply-add gives back a sixteenth of a nanosecond.
     */
    private static final long PER_CONVERSION = 32 * 1024;

    /** A product of so few multiply-adds takes as long in integers (128 x 128 by one row: 10 µs, in float 9). */
    private static final long SMALL_PRODUCT = 16 * 1024;

    /** Share of the network's multiply-adds below which it is looked at whether an island pays. */
    private static final double SMALL_PART = 0.05;

    /**
     * A Conv of fewer input channels and fewer outputs takes longer in integers (1 → 32, 3 x 3: 1.6 ms, in float 1.2).
     */
    private static final int FEW_CHANNELS = 4;

    private static final int FEW_OUTPUTS = 64;

    /** Share of the network's multiply-adds up to which such a Conv is a side matter. */
    private static final double SIDE_PART = 0.25;

    static IntegerGains of(Graph graph) {
        return new IntegerGains(graph, MultiplyAdds.of(graph));
    }

    /**
     * The Add and the Muls around each Erf: a GELU that is written out. In 8 bits its four steps round four times, and
     * take a quarter longer than in float, as Erf has no integer kernel.
     */
    Set<Node> writtenOutGelus() {
        Set<Node> nodes = new LinkedHashSet<>();
        graph.nodes().stream()
                .filter(n -> n.is("Erf"))
                .flatMap(erf -> graph.downstream(erf).stream())
                .filter(n -> n.is("Add"))
                .forEach(add -> {
                    nodes.add(add);
                    graph.downstream(add).stream().filter(n -> n.is("Mul")).forEach(mul -> {
                        nodes.add(mul);
                        Stream.concat(graph.downstream(mul).stream(), graph.upstream(mul).stream())
                                .filter(this::scales)
                                .forEach(nodes::add);
                    });
                });
        return nodes;
    }

    /** Multiplies by one constant. */
    private boolean scales(Node n) {
        return n.is("Mul")
                && n.inputs().stream()
                        .anyMatch(v -> graph.initializer(v)
                                .filter(t -> t.elementCount() == 1)
                                .isPresent());
    }

    /**
     * A Conv with so few products for each output that its integer kernel is slower. Not in front of a MaxPool: ONNX
     * Runtime moves the quantization in front of that, and its 8-bit kernel is slow where no convolution has laid out
     * the channels last. A network that is mostly such a Conv is quantized as it was asked for.
     */
    boolean isThin(Node n) {
        if (!n.is("Conv") || n.intAttribute("group", 1) != 1) {
            return false;
        }
        boolean thin = graph.initializer(n.input(1))
                .filter(w -> w.rank() == 4 && w.dim(1) < FEW_CHANNELS && w.dim(0) < FEW_OUTPUTS)
                .isPresent();
        return thin && !isPooled(n) && MultiplyAdds.of(n, graph) <= SIDE_PART * multiplyAdds;
    }

    private boolean isPooled(Node n) {
        return graph.downstream(n).stream()
                .anyMatch(d -> d.is("MaxPool")
                        || OperatorTable.is(d, Trait.ACTIVATION)
                                && graph.downstream(d).stream().anyMatch(p -> p.is("MaxPool")));
    }

    /**
     * Whether what the nodes save is more than the conversions in front of them and behind them cost. An island that is
     * most of its network pays: it is what was asked for.
     */
    boolean pays(Collection<Node> island) {
        long work = 0;
        long saved = 0;
        Set<String> borders = new LinkedHashSet<>();
        for (Node n : island) {
            for (String v : n.inputs()) {
                if (!v.isEmpty()
                        && !graph.isInitializer(v)
                        && graph.producer(v).filter(island::contains).isEmpty()) {
                    borders.add(v);
                }
            }
            boolean product = n.is("Gemm", "MatMul");
            for (String v : n.outputs()) {
                // A product gives floats itself.
                if (!product && !v.isEmpty() && !graph.consumers(v).stream().allMatch(island::contains)) {
                    borders.add(v);
                }
            }
            if (OperatorTable.is(n, Trait.WEIGHTED)) {
                if (!isKnown(n.output(0)) || !isKnown(n.input(0))) {
                    return true;
                }
                long own = MultiplyAdds.of(n, graph);
                work += own;
                saved += product ? Math.max(0, own - SMALL_PRODUCT) : own;
            }
        }
        return saved >= PER_CONVERSION * borders.size() || work > SMALL_PART * multiplyAdds;
    }

    /** All dimensions but the first, the batch most often. */
    private boolean isKnown(String value) {
        return graph.initializer(value).isPresent()
                || graph.valueInfo(value)
                        .flatMap(ValueInfo::shape)
                        .filter(dims -> !dims.isEmpty()
                                && dims.subList(1, dims.size()).stream().allMatch(ValueInfo.Dimension::isKnown))
                        .isPresent();
    }
}
