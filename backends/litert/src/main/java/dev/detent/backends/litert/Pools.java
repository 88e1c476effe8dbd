package dev.detent.backends.litert;

import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Pools and reductions. */
final class Pools {

    static final Map<String, Consumer<Call>> TABLE = Map.ofEntries(
            Map.entry("MaxPool", c -> pool(c, Op.MAX_POOL_2D)),
            Map.entry("AveragePool", c -> pool(c, Op.AVERAGE_POOL_2D)),
            Map.entry("GlobalAveragePool", c -> global(c, Op.MEAN)),
            Map.entry("GlobalMaxPool", c -> global(c, Op.REDUCE_MAX)),
            Map.entry("ReduceMean", c -> reduction(c, Op.MEAN)),
            Map.entry("ReduceSum", c -> reduction(c, Op.SUM)),
            Map.entry("ReduceMax", c -> reduction(c, Op.REDUCE_MAX)),
            Map.entry("ReduceMin", c -> reduction(c, Op.REDUCE_MIN)));

    private Pools() {}

    private static void pool(Call c, Op op) {
        Node n = c.node();
        Window w = Window.of(n, Window.longs(n.intsAttribute("kernel_shape", List.of())), c.shape(0), c.outputShape());
        if (w.dilation()[0] != 1 || w.dilation()[1] != 1 || !n.output(1).isEmpty()) {
            throw c.refused("has dilations or gives indices, which LiteRT's pools do not");
        }
        Optional<Float> fill = Optional.of(-Float.MAX_VALUE);
        if (op == Op.AVERAGE_POOL_2D && !w.isValid()) {
            boolean counted = n.intAttribute("count_include_pad", 0) == 1;
            boolean overhangs = w.after()[0] > w.declaredAfter()[0] || w.after()[1] > w.declaredAfter()[1];
            if (counted && overhangs || !counted && !w.same()) {
                throw c.refused("divides by another count at the edges than LiteRT does; take ceil_mode 0 and "
                        + "count_include_pad 1, or pads as auto_pad SAME_UPPER has them");
            }
            w = counted ? w.never() : w;
            fill = Optional.empty();
        }
        OpOptions options = OpOptions.none()
                .choice(0, Picture.padding(w))
                .integer(1, w.stride()[1])
                .integer(2, w.stride()[0])
                .integer(3, w.kernel()[1])
                .integer(4, w.kernel()[0]);
        Stored data = Picture.padded(c, Picture.of(c), w, fill);
        Picture.gives(c, op, options, List.of(data), data.encoding());
    }

    private static void global(Call c, Op op) {
        int rank = c.shape(0).length;
        reduce(c, op, IntStream.range(2, rank).boxed().toList(), true);
    }

    private static void reduction(Call c, Op op) {
        Node n = c.node();
        int rank = c.shape(0).length;
        Optional<long[]> named = c.longs(1, "axes");
        if (named.isEmpty() && n.intAttribute("noop_with_empty_axes", 0) == 1) {
            c.net().alias(n.output(0), n.input(0));
            return;
        }
        List<Integer> axes = named.map(a -> Arrays.stream(a)
                        .mapToInt(i -> (int) (i < 0 ? i + rank : i))
                        .boxed()
                        .toList())
                .orElseGet(() -> IntStream.range(0, rank).boxed().toList());
        reduce(c, op, axes, n.intAttribute("keepdims", 1) == 1);
    }

    private static void reduce(Call c, Op op, List<Integer> axes, boolean keeps) {
        Stored data = c.in(0);
        Order left = keeps ? data.order() : data.order().without(axes);
        if (!keeps && !left.isNatural()) {
            data = c.in(0, Order.natural(data.dims().length));
            left = Order.natural(left.rank());
        }
        List<Integer> positions = new ArrayList<>();
        for (int a : axes) {
            positions.add(data.order().position(a));
        }
        Stored where = c.integers(positions.stream().sorted().mapToInt(i -> i).toArray());
        OpOptions options = OpOptions.none().flag(0, keeps);
        // MEAN has kernels that rescale; a maximum's code is one of its input's.
        c.gives(op, options, List.of(data, where), left, op == Op.MEAN ? c.wanted() : data.encoding());
    }
}
