package dev.detent.caffe;

import dev.detent.caffe.OperatorRules.Rule;
import dev.detent.caffe.proto.PoolingParameter.PoolMethod;
import dev.detent.caffe.proto.ReductionParameter.ReductionOp;
import dev.detent.spi.export.CaffeOptions.Extension;
import dev.detent.spi.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Operators that move, cut, join and reduce. */
final class ShapeOperators {

    static final Map<String, Rule> RULES = new TreeMap<>();

    static {
        RULES.put("Concat", new Rule("Concat", "refused: constants among the inputs", ShapeOperators::concat));
        RULES.put("Split", new Rule("Slice", "", ShapeOperators::split));
        RULES.put(
                "Slice",
                new Rule(
                        "Slice",
                        "what is left over ends in Silence; steps over height and width: a Convolution of ones",
                        ShapeOperators::slice));
        RULES.put(
                "Transpose",
                new Rule("Permute", "of SSD's Caffe; refused where the reader has not", ShapeOperators::transpose));
        RULES.put("Flatten", new Rule("Flatten", "Reshape where the axis is not 1", ShapeOperators::flatten));
        for (String op : List.of("Reshape", "Squeeze", "Unsqueeze")) {
            RULES.put(op, new Rule("Reshape", "", ShapeOperators::reshape));
        }
        RULES.put(
                "ReduceMean",
                new Rule(
                        "Pooling or Reduction",
                        "over height and width, or over all last axes",
                        w -> reduce(w, ReductionOp.MEAN)));
        RULES.put("ReduceSum", new Rule("Reduction", "over all last axes", w -> reduce(w, ReductionOp.SUM)));
        RULES.put("ReduceL1", new Rule("Reduction", "over all last axes", w -> reduce(w, ReductionOp.ASUM)));
        RULES.put("ReduceSumSquare", new Rule("Reduction", "over all last axes", w -> reduce(w, ReductionOp.SUMSQ)));
    }

    private ShapeOperators() {}

    private static int axis(NodeWriting w, long otherwise) {
        return Math.floorMod(w.node().intAttribute("axis", otherwise), w.in(0).length);
    }

    private static void concat(NodeWriting w) {
        Node n = w.node();
        int axis = Math.floorMod(n.intAttribute("axis", 0), w.out().length);
        w.last("Concat", w.bottom(0), l -> {
            IntStream.range(1, n.inputs().size()).forEach(i -> l.addBottom(w.bottom(i)));
            l.getConcatParamBuilder().setAxis(axis);
        });
    }

    private static void split(NodeWriting w) {
        int axis = axis(w, 0);
        w.lastOfMany("Slice", w.bottom(0), w.node().outputs(), l -> {
            l.getSliceParamBuilder().setAxis(axis);
            long at = 0;
            for (String o : w.node().outputs().subList(0, w.node().outputs().size() - 1)) {
                at += w.shape(o)[axis];
                l.getSliceParamBuilder().addSlicePoint((int) at);
            }
        });
    }

    private static void slice(NodeWriting w) {
        Node n = w.node();
        long[] in = w.in(0);
        long[] out = w.out();
        long[] starts = w.longs(1, "starts");
        long[] axes = n.hasInput(3)
                ? w.longs(3, "axes")
                : LongStream.range(0, starts.length).toArray();
        long[] steps = n.hasInput(4)
                ? w.longs(4, "steps")
                : LongStream.generate(() -> 1).limit(starts.length).toArray();
        long[] from = new long[in.length];
        long[] step = new long[in.length];
        Arrays.fill(step, 1);
        for (int i = 0; i < starts.length; i++) {
            int axis = Math.floorMod(axes[i], in.length);
            step[axis] = steps[i];
            from[axis] = Math.max(0, Math.min(in[axis], starts[i] < 0 ? starts[i] + in[axis] : starts[i]));
        }
        if (Arrays.stream(step).anyMatch(s -> s < 1)) {
            throw w.refused("runs backwards");
        }
        boolean thinned = in.length == 4 && (step[2] > 1 || step[3] > 1);
        for (int i = 0; i < in.length; i++) {
            if (step[i] > 1 && !(thinned && i >= 2)) {
                throw w.refused("takes every " + step[i] + "th along axis " + i);
            }
        }
        if (thinned) {
            for (int i = 2; i < 4; i++) {
                if ((in[i] - from[i] - 1) / step[i] + 1 != out[i]) {
                    throw w.refused("ends before the end of axis " + i + " and takes steps");
                }
            }
            from[0] = 0;
        }
        String part = w.bottom(0);
        for (int i = 0; i < in.length; i++) {
            if (!(thinned && i >= 2) && out[i] != in[i]) {
                part = w.part("part" + i, part, i, from[i], from[i] + out[i], in[i]);
            }
        }
        if (thinned) {
            WeightedOperators.convolution(
                    w,
                    part,
                    SpatialOperators.ones(out[1], from[2], from[3]),
                    Optional.empty(),
                    SpatialOperators.strided(new long[] {step[2], step[3]}),
                    out[1]);
        } else if (Arrays.equals(in, out)) {
            w.pass(0);
        } else {
            w.copy(part);
        }
    }

    private static void transpose(NodeWriting w) {
        int rank = w.in(0).length;
        List<Long> order = w.node()
                .intsAttribute(
                        "perm",
                        LongStream.range(0, rank).map(i -> rank - 1 - i).boxed().toList());
        if (!w.has(Extension.PERMUTE)) {
            throw w.refused("needs Permute, which the reader's Caffe has not");
        }
        w.last(
                "Permute",
                w.bottom(0),
                l -> order.forEach(o -> l.getPermuteParamBuilder().addOrder(o.intValue())));
    }

    private static void flatten(NodeWriting w) {
        if (w.node().intAttribute("axis", 1) == 1) {
            w.last("Flatten", w.bottom(0), l -> {});
        } else {
            reshape(w);
        }
    }

    /** To the shape that inference found; the batch follows the input's where both have it in front. */
    private static void reshape(NodeWriting w) {
        long[] in = w.in(0);
        long[] out = w.out();
        if (out.length == 0) {
            throw w.refused("makes a scalar");
        }
        if (in.length > 0 && in[0] == out[0]) {
            out[0] = 0;
        }
        w.last("Reshape", w.bottom(0), l -> l.getReshapeParamBuilder().setShape(NetBuilder.blobShape(out)));
    }

    private static void reduce(NodeWriting w, ReductionOp op) {
        Node n = w.node();
        long[] in = w.in(0);
        long[] axes = (n.hasInput(1)
                        ? Arrays.stream(w.longs(1, "axes"))
                        : n.intsAttribute("axes", List.of()).stream().mapToLong(Long::longValue))
                .map(a -> Math.floorMod(a, in.length))
                .sorted()
                .toArray();
        boolean keeps = n.intAttribute("keepdims", 1) != 0;
        boolean tail = axes.length > 0
                && axes[0] == in.length - axes.length
                && axes[axes.length - 1] == in.length - 1
                && axes[0] > 0;
        if (op == ReductionOp.MEAN && in.length == 4 && Arrays.equals(axes, new long[] {2, 3})) {
            if (keeps) {
                SpatialOperators.global(w, PoolMethod.AVE);
            } else {
                String mean = w.inner(
                        "mean",
                        "Pooling",
                        w.bottom(0),
                        l -> l.getPoolingParamBuilder().setPool(PoolMethod.AVE).setGlobalPooling(true));
                w.last("Flatten", mean, l -> {});
            }
            return;
        }
        if (!tail) {
            throw w.refused("reduces other than all last axes");
        }
        if (!keeps) {
            w.last(
                    "Reduction",
                    w.bottom(0),
                    l -> l.getReductionParamBuilder().setOperation(op).setAxis((int) axes[0]));
            return;
        }
        String reduced = w.inner(
                "reduced",
                "Reduction",
                w.bottom(0),
                l -> l.getReductionParamBuilder().setOperation(op).setAxis((int) axes[0]));
        long[] out = w.out();
        out[0] = 0;
        w.last("Reshape", reduced, l -> l.getReshapeParamBuilder().setShape(NetBuilder.blobShape(out)));
    }
}
