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
final class DataMovement {

    static final Map<String, Consumer<NodeConversion>> TABLE = Map.ofEntries(
            Map.entry("Reshape", DataMovement::reshape),
            Map.entry("Flatten", DataMovement::reshape),
            Map.entry("Squeeze", DataMovement::reshape),
            Map.entry("Unsqueeze", DataMovement::reshape),
            Map.entry("Transpose", DataMovement::transpose),
            Map.entry("Identity", DataMovement::same),
            Map.entry("Dropout", DataMovement::same),
            Map.entry("Concat", DataMovement::concat),
            Map.entry("Split", DataMovement::split),
            Map.entry("Slice", DataMovement::slice),
            Map.entry("Pad", DataMovement::pad),
            Map.entry("Tile", DataMovement::tile),
            Map.entry("Gather", DataMovement::gather),
            Map.entry("Cast", DataMovement::cast),
            Map.entry("DepthToSpace", DataMovement::depthToSpace),
            Map.entry("SpaceToDepth", DataMovement::spaceToDepth));

    private enum MirrorMode {
        REFLECT
    }

    private DataMovement() {}

    private static void reshape(NodeConversion c) {
        StoredValue natural = c.net().lyingNaturally(c.in(0));
        long[] dims = c.outputShape();
        c.gives(c.net().reshaped(c.name(), natural, dims, AxisOrder.natural(dims.length)));
    }

    /** Other names for the axes; whoever needs the elements in another order moves them. */
    private static void transpose(NodeConversion c) {
        StoredValue data = c.in(0);
        List<Long> permutation = new ArrayList<>(c.node().intsAttribute("perm", List.of()));
        for (int d = data.dims().length - 1; permutation.size() < data.dims().length; d--) {
            permutation.add((long) d);
        }
        c.gives(data.seenAs(c.outputShape(), data.order().renamed(permutation)));
    }

    private static void same(NodeConversion c) {
        c.net().alias(c.node().output(0), c.node().input(0));
    }

    private static void concat(NodeConversion c) {
        int n = c.node().inputs().size();
        int rank = c.outputShape().length;
        AxisOrder order = AxisOrder.natural(rank);
        for (int i = n - 1; i >= 0; i--) {
            order = c.net().constant(c.node().input(i)).isEmpty()
                            && !c.orderOf(i).isNatural()
                    ? c.orderOf(i)
                    : order;
        }
        List<StoredValue> in = new ArrayList<>();
        Optional<Encoding> common = c.wanted();
        for (int i = 0; i < n; i++) {
            StoredValue s = c.in(i, order);
            if (s.encoding().isPresent()) {
                common = common.or(s::encoding);
                s = c.net().requantized(s, common.orElseThrow(), c.node().input(i));
            }
            in.add(s);
        }
        BuiltinOptions options = BuiltinOptions.none().integer(0, order.position(c.axis("axis", 1, rank)));
        c.gives(BuiltinOperator.CONCATENATION, options, in, order, common);
    }

    private static void split(NodeConversion c) {
        Node n = c.node();
        StoredValue data = c.in(0);
        int axis = c.axis("axis", 0, data.dims().length);
        int parts = n.outputs().size();
        int[] sizes = new int[parts];
        for (int i = 0; i < parts; i++) {
            sizes[i] = Math.toIntExact(c.net().shape(n.output(i))[axis]);
        }
        List<StoredValue> out = new ArrayList<>();
        for (String o : n.outputs()) {
            out.add(c.net().tensor(o, c.net().shape(o), data.order(), data.type(), data.encoding()));
        }
        int[] numbers = out.stream().mapToInt(StoredValue::tensor).toArray();
        int where = c.net().integers(new long[0], data.order().position(axis));
        BuiltinOptions options = BuiltinOptions.none().integer(0, parts);
        if (Arrays.stream(sizes).distinct().count() == 1) {
            c.net().operator(BuiltinOperator.SPLIT, options, List.of(where, data.tensor()), data.type(), numbers);
        } else {
            int vector = c.net().integers(sizes);
            c.net()
                    .operator(
                            BuiltinOperator.SPLIT_V,
                            options,
                            List.of(data.tensor(), vector, where),
                            data.type(),
                            numbers);
        }
        for (int i = 0; i < parts; i++) {
            c.gives(i, out.get(i));
        }
    }

    private static void slice(NodeConversion c) {
        StoredValue data = c.in(0);
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
        BuiltinOptions options = BuiltinOptions.none().integer(1, openEnds);
        AxisOrder order = data.order();
        c.moves(
                BuiltinOperator.STRIDED_SLICE,
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
    static StoredValue cut(NodeConversion c, StoredValue data, int[] begin, long[] dims) {
        AxisOrder order = data.order();
        long[] from = Arrays.stream(begin).asLongStream().toArray();
        long[] to = dims.clone();
        long[] step = new long[dims.length];
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
            step[i] = 1;
        }
        return c.make(
                BuiltinOperator.STRIDED_SLICE,
                BuiltinOptions.none(),
                List.of(
                        data,
                        c.integers(order.apply(from)),
                        c.integers(order.apply(to)),
                        c.integers(order.apply(step))),
                dims,
                order,
                data.encoding());
    }

    private static void pad(NodeConversion c) {
        Node n = c.node();
        StoredValue data = c.in(0);
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
            int[] laid = NodeConversion.ints(data.order().apply(pads[side]));
            for (int d = 0; d < rank; d++) {
                rows[2 * d + side] = laid[d];
            }
        }
        if (Arrays.stream(rows).anyMatch(p -> p < 0)) {
            throw c.refused("has pads below zero; write them as a Slice");
        }
        long[] shape = {rank, 2};
        StoredValue vector = new StoredValue(
                c.net().integers(shape, rows), shape, AxisOrder.natural(2), ElementType.INT32, Optional.empty());
        switch (n.stringAttribute("mode", "constant")) {
            case "reflect" ->
                c.moves(
                        BuiltinOperator.MIRROR_PAD,
                        BuiltinOptions.none().choice(0, MirrorMode.REFLECT),
                        List.of(data, vector),
                        data.order());
            case "constant" -> {
                float value = n.hasInput(2) ? c.constant(2, "a value").floats()[0] : n.floatAttribute("value", 0);
                boolean zero = value == 0;
                List<StoredValue> in =
                        zero ? List.of(data, vector) : List.of(data, vector, c.number(value, data.encoding(), 0));
                c.moves(zero ? BuiltinOperator.PAD : BuiltinOperator.PADV2, BuiltinOptions.none(), in, data.order());
            }
            default -> throw c.refused("pads in a mode that LiteRT has not; constant and reflect it has");
        }
    }

    private static void tile(NodeConversion c) {
        StoredValue data = c.in(0);
        long[] repeats = c.constant(1, "repeats").values().longs();
        c.moves(
                BuiltinOperator.TILE,
                BuiltinOptions.none(),
                List.of(data, c.integers(data.order().apply(repeats))),
                data.order());
    }

    private static void gather(NodeConversion c) {
        int rank = c.shape(0).length;
        StoredValue data = c.in(0, AxisOrder.natural(rank));
        int axis = c.axis("axis", 0, rank);
        Optional<Constant> constant = c.net().constant(c.node().input(1));
        StoredValue indices;
        if (constant.isPresent()) {
            long[] values = constant.get().values().longs();
            int[] counted = new int[values.length];
            for (int i = 0; i < values.length; i++) {
                counted[i] = Math.toIntExact(values[i] < 0 ? values[i] + data.dims()[axis] : values[i]);
            }
            long[] dims = constant.get().values().dims();
            indices = new StoredValue(
                    c.net().integers(dims, counted),
                    dims,
                    AxisOrder.natural(dims.length),
                    ElementType.INT32,
                    Optional.empty());
        } else {
            indices = c.net().read(c.node().input(1), false, AxisOrder.natural(c.shape(1).length));
        }
        BuiltinOptions options = BuiltinOptions.none().integer(0, axis);
        c.moves(BuiltinOperator.GATHER, options, List.of(data, indices), AxisOrder.natural(c.outputShape().length));
    }

    private static void cast(NodeConversion c) {
        StoredValue data = c.in(0);
        ElementType to =
                ElementType.ofCode((int) c.node().intAttribute("to", 1)).orElse(ElementType.UNDEFINED);
        if (to == data.type()) {
            same(c);
            return;
        }
        StoredValue out = c.net().tensor(c.node().output(0), c.outputShape(), data.order(), to, Optional.empty());
        c.net().operator(BuiltinOperator.CAST, BuiltinOptions.none(), List.of(data.tensor()), out);
        c.gives(out);
    }

    private static void depthToSpace(NodeConversion c) {
        long block = c.node().intAttribute("blocksize", 1);
        StoredValue data = c.in(0, AxisOrder.channelsLast(4));
        if (c.node().stringAttribute("mode", "DCR").equals("CRD")) {
            // TensorFlow's depth counts the block first, ONNX's CRD the channel.
            long[] dims = data.dims();
            int left = Math.toIntExact(dims[1] / (block * block));
            int[] from = new int[Math.toIntExact(dims[1])];
            for (int i = 0; i < from.length; i++) {
                from[i] = Math.toIntExact(i % left * block * block + i / left);
            }
            data = c.make(
                    BuiltinOperator.GATHER,
                    BuiltinOptions.none().integer(0, 3),
                    List.of(data, c.integers(from)),
                    dims,
                    data.order(),
                    data.encoding());
        }
        c.moves(BuiltinOperator.DEPTH_TO_SPACE, BuiltinOptions.none().integer(0, block), List.of(data), data.order());
    }

    private static void spaceToDepth(NodeConversion c) {
        StoredValue data = c.in(0, AxisOrder.channelsLast(4));
        BuiltinOptions options = BuiltinOptions.none().integer(0, c.node().intAttribute("blocksize", 1));
        c.moves(BuiltinOperator.SPACE_TO_DEPTH, options, List.of(data), data.order());
    }
}
