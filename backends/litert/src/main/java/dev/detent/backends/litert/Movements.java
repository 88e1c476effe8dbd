package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** What moves, selects, joins and repeats elements; codes go through unchanged. */
final class Movements {

    static final Map<String, Consumer<Call>> TABLE = Map.ofEntries(
            Map.entry("Reshape", Movements::reshape),
            Map.entry("Flatten", Movements::reshape),
            Map.entry("Squeeze", Movements::reshape),
            Map.entry("Unsqueeze", Movements::reshape),
            Map.entry("Transpose", Movements::transpose),
            Map.entry("Identity", Movements::same),
            Map.entry("Dropout", Movements::same),
            Map.entry("Concat", Movements::concat),
            Map.entry("Split", Movements::split),
            Map.entry("Slice", Movements::slice),
            Map.entry("Pad", Movements::pad),
            Map.entry("Tile", Movements::tile),
            Map.entry("Gather", Movements::gather),
            Map.entry("Cast", Movements::cast),
            Map.entry("DepthToSpace", Movements::depthToSpace),
            Map.entry("SpaceToDepth", Movements::spaceToDepth));

    private enum MirrorMode {
        REFLECT
    }

    private Movements() {}

    private static void reshape(Call c) {
        Stored natural = c.net().lyingNaturally(c.in(0));
        long[] dims = c.outputShape();
        c.gives(c.net().reshaped(c.name(), natural, dims, Order.natural(dims.length)));
    }

    /** Other names for the axes; whoever needs the elements in another order moves them. */
    private static void transpose(Call c) {
        Stored data = c.in(0);
        List<Long> permutation = new ArrayList<>(c.node().intsAttribute("perm", List.of()));
        for (int d = data.dims().length - 1; permutation.size() < data.dims().length; d--) {
            permutation.add((long) d);
        }
        c.gives(data.seenAs(c.outputShape(), data.order().renamed(permutation)));
    }

    private static void same(Call c) {
        c.net().alias(c.node().output(0), c.node().input(0));
    }

    private static void concat(Call c) {
        int n = c.node().inputs().size();
        int rank = c.outputShape().length;
        Order order = Order.natural(rank);
        for (int i = n - 1; i >= 0; i--) {
            order = c.net().constant(c.node().input(i)).isEmpty()
                            && !c.orderOf(i).isNatural()
                    ? c.orderOf(i)
                    : order;
        }
        List<Stored> in = new ArrayList<>();
        Optional<Encoding> common = c.wanted();
        for (int i = 0; i < n; i++) {
            Stored s = c.in(i, order);
            if (s.encoding().isPresent()) {
                common = common.or(s::encoding);
                s = c.net().requantized(s, common.orElseThrow(), c.node().input(i));
            }
            in.add(s);
        }
        OpOptions options = OpOptions.none().integer(0, order.position(c.axis("axis", 1, rank)));
        c.gives(Op.CONCATENATION, options, in, order, common);
    }

    private static void split(Call c) {
        Node n = c.node();
        Stored data = c.in(0);
        int axis = c.axis("axis", 0, data.dims().length);
        int parts = n.outputs().size();
        int[] sizes = new int[parts];
        for (int i = 0; i < parts; i++) {
            sizes[i] = Math.toIntExact(c.net().shape(n.output(i))[axis]);
        }
        List<Stored> out = new ArrayList<>();
        for (String o : n.outputs()) {
            out.add(c.net().tensor(o, c.net().shape(o), data.order(), data.type(), data.encoding()));
        }
        int[] numbers = out.stream().mapToInt(Stored::tensor).toArray();
        int where = c.net().integers(new long[0], data.order().position(axis));
        OpOptions options = OpOptions.none().integer(0, parts);
        if (Arrays.stream(sizes).distinct().count() == 1) {
            c.net().operator(Op.SPLIT, options, List.of(where, data.tensor()), data.type(), numbers);
        } else {
            int vector = c.net().integers(sizes);
            c.net().operator(Op.SPLIT_V, options, List.of(data.tensor(), vector, where), data.type(), numbers);
        }
        for (int i = 0; i < parts; i++) {
            c.gives(i, out.get(i));
        }
    }

    private static void slice(Call c) {
        Stored data = c.in(0);
        int rank = data.dims().length;
        long[] starts = c.longs(1, "starts").orElseThrow(() -> c.refused("has no starts"));
        long[] ends = c.longs(2, "ends").orElseThrow(() -> c.refused("has no ends"));
        Optional<long[]> axes = c.longs(3, "axes");
        Optional<long[]> steps = c.longs(4, "steps");
        long[] begin = new long[rank];
        long[] end = data.dims().clone();
        long[] step = new long[rank];
        Arrays.fill(step, 1);
        int openEnds = 0;
        for (int i = 0; i < starts.length; i++) {
            long named = axes.isPresent() ? axes.get()[i] : i;
            int axis = (int) (named < 0 ? named + rank : named);
            long size = data.dims()[axis];
            step[axis] = steps.isPresent() ? steps.get()[i] : 1;
            boolean back = step[axis] < 0;
            begin[axis] = limited(starts[i] < 0 ? starts[i] + size : starts[i], 0, back ? size - 1 : size);
            end[axis] = limited(ends[i] < 0 ? ends[i] + size : ends[i], back ? -1 : 0, size);
            openEnds |= end[axis] < 0 ? 1 << data.order().position(axis) : 0;
        }
        OpOptions options = OpOptions.none().integer(1, openEnds);
        Order order = data.order();
        c.moves(
                Op.STRIDED_SLICE,
                options,
                List.of(
                        data,
                        c.integers(order.apply(begin)),
                        c.integers(order.apply(end)),
                        c.integers(order.apply(step))),
                order);
    }

    private static long limited(long value, long low, long high) {
        return Math.max(low, Math.min(high, value));
    }

    /** A part of a tensor, of a size and from a begin on, both in ONNX's order. */
    static Stored cut(Call c, Stored data, int[] begin, long[] dims) {
        Order order = data.order();
        long[] from = Arrays.stream(begin).asLongStream().toArray();
        long[] to = dims.clone();
        long[] step = new long[dims.length];
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
            step[i] = 1;
        }
        return c.make(
                Op.STRIDED_SLICE,
                OpOptions.none(),
                List.of(
                        data,
                        c.integers(order.apply(from)),
                        c.integers(order.apply(to)),
                        c.integers(order.apply(step))),
                dims,
                order,
                data.encoding());
    }

    private static void pad(Call c) {
        Node n = c.node();
        Stored data = c.in(0);
        int rank = data.dims().length;
        long[] named = c.longs(1, "pads").orElseThrow(() -> c.refused("has no pads"));
        Optional<long[]> axes = c.longs(3, "axes");
        long[][] pads = new long[2][rank];
        for (int i = 0; i < named.length / 2; i++) {
            long axis = axes.isPresent() ? axes.get()[i] : i;
            for (int side = 0; side < 2; side++) {
                pads[side][(int) (axis < 0 ? axis + rank : axis)] = named[i + side * named.length / 2];
            }
        }
        int[] rows = new int[2 * rank];
        for (int side = 0; side < 2; side++) {
            int[] laid = Call.ints(data.order().apply(pads[side]));
            for (int d = 0; d < rank; d++) {
                rows[2 * d + side] = laid[d];
            }
        }
        if (Arrays.stream(rows).anyMatch(p -> p < 0)) {
            throw c.refused("has pads below zero; write them as a Slice");
        }
        long[] shape = {rank, 2};
        Stored vector =
                new Stored(c.net().integers(shape, rows), shape, Order.natural(2), ElementType.INT32, Optional.empty());
        switch (n.stringAttribute("mode", "constant")) {
            case "reflect" ->
                c.moves(
                        Op.MIRROR_PAD,
                        OpOptions.none().choice(0, MirrorMode.REFLECT),
                        List.of(data, vector),
                        data.order());
            case "constant" -> {
                float value = n.hasInput(2) ? c.constant(2, "a value").floats()[0] : n.floatAttribute("value", 0);
                boolean zero = value == 0;
                List<Stored> in =
                        zero ? List.of(data, vector) : List.of(data, vector, c.number(value, data.encoding(), 0));
                c.moves(zero ? Op.PAD : Op.PADV2, OpOptions.none(), in, data.order());
            }
            default -> throw c.refused("pads in a mode that LiteRT has not; constant and reflect it has");
        }
    }

    private static void tile(Call c) {
        Stored data = c.in(0);
        long[] repeats = c.constant(1, "repeats").values().longs();
        c.moves(Op.TILE, OpOptions.none(), List.of(data, c.integers(data.order().apply(repeats))), data.order());
    }

    private static void gather(Call c) {
        int rank = c.shape(0).length;
        Stored data = c.in(0, Order.natural(rank));
        int axis = c.axis("axis", 0, rank);
        Optional<Constant> constant = c.net().constant(c.node().input(1));
        Stored indices;
        if (constant.isPresent()) {
            long[] values = constant.get().values().longs();
            int[] counted = new int[values.length];
            for (int i = 0; i < values.length; i++) {
                counted[i] = Math.toIntExact(values[i] < 0 ? values[i] + data.dims()[axis] : values[i]);
            }
            long[] dims = constant.get().values().dims();
            indices = new Stored(
                    c.net().integers(dims, counted),
                    dims,
                    Order.natural(dims.length),
                    ElementType.INT32,
                    Optional.empty());
        } else {
            indices = c.net().read(c.node().input(1), false, Order.natural(c.shape(1).length));
        }
        OpOptions options = OpOptions.none().integer(0, axis);
        c.moves(Op.GATHER, options, List.of(data, indices), Order.natural(c.outputShape().length));
    }

    private static void cast(Call c) {
        Stored data = c.in(0);
        ElementType to =
                ElementType.ofCode((int) c.node().intAttribute("to", 1)).orElse(ElementType.UNDEFINED);
        if (to == data.type()) {
            same(c);
            return;
        }
        Stored out = c.net().tensor(c.node().output(0), c.outputShape(), data.order(), to, Optional.empty());
        c.net().operator(Op.CAST, OpOptions.none(), List.of(data.tensor()), out);
        c.gives(out);
    }

    private static void depthToSpace(Call c) {
        long block = c.node().intAttribute("blocksize", 1);
        Stored data = c.in(0, Order.channelsLast(4));
        if (c.node().stringAttribute("mode", "DCR").equals("CRD")) {
            // TensorFlow's depth counts the block first, ONNX's CRD the channel.
            long[] dims = data.dims();
            int left = Math.toIntExact(dims[1] / (block * block));
            int[] from = new int[Math.toIntExact(dims[1])];
            for (int i = 0; i < from.length; i++) {
                from[i] = Math.toIntExact(i % left * block * block + i / left);
            }
            data = c.make(
                    Op.GATHER,
                    OpOptions.none().integer(0, 3),
                    List.of(data, c.integers(from)),
                    dims,
                    data.order(),
                    data.encoding());
        }
        c.moves(Op.DEPTH_TO_SPACE, OpOptions.none().integer(0, block), List.of(data), data.order());
    }

    private static void spaceToDepth(Call c) {
        Stored data = c.in(0, Order.channelsLast(4));
        OpOptions options = OpOptions.none().integer(0, c.node().intAttribute("blocksize", 1));
        c.moves(Op.SPACE_TO_DEPTH, options, List.of(data), data.order());
    }
}
