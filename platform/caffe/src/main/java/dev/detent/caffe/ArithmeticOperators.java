package dev.detent.caffe;

import dev.detent.caffe.OperatorRules.Rule;
import dev.detent.caffe.proto.EltwiseParameter.EltwiseOp;
import dev.detent.spi.graph.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** Sums, products and their inverses, of computed blobs and of constants. */
final class ArithmeticOperators {

    private static final String SPREADING =
            "constants: Power (one number) or Scale; computed and of another shape: Scale or Bias with two bottoms, or Tile";

    static final Map<String, Rule> RULES = Map.of(
            "Add", new Rule("Eltwise", SPREADING, w -> add(w, 1)),
            "Sub", new Rule("Eltwise", "as Add", w -> add(w, -1)),
            "Mul", new Rule("Eltwise", SPREADING, ArithmeticOperators::mul),
            "Div", new Rule("Eltwise", "by a reciprocal", ArithmeticOperators::div),
            "Sum", new Rule("Eltwise", "refused: other than two inputs of one shape", w -> same(w, EltwiseOp.SUM)),
            "Max", new Rule("Eltwise", "refused: other than two inputs of one shape", w -> same(w, EltwiseOp.MAX)));

    private ArithmeticOperators() {}

    /** Inputs that are computed and have one shape. */
    private static void same(NodeWriting w, EltwiseOp op, float... coefficients) {
        if (w.node().inputs().size() != 2 || !Arrays.equals(w.in(0), w.in(1))) {
            throw w.refused("combines other than two blobs of one shape");
        }
        w.last("Eltwise", w.bottom(0), NodeWriting.eltwise(op, w.bottom(1), coefficients));
    }

    /** a + sign b. */
    private static void add(NodeWriting w, float sign) {
        Optional<Tensor> left = w.constant(0);
        Optional<Tensor> right = w.constant(1);
        if (right.isPresent()) {
            linear(w, w.bottom(0), w.in(0), Optional.empty(), 1, Weights.scaled(right.get(), sign));
        } else if (left.isPresent()) {
            linear(w, w.bottom(1), w.in(1), Optional.empty(), sign, left.get());
        } else if (Arrays.equals(w.in(0), w.in(1))) {
            same(w, EltwiseOp.SUM, sign == 1 ? new float[0] : new float[] {1, sign});
        } else {
            int large = larger(w);
            String small = w.bottom(1 - large);
            String signed =
                    large == 0 && sign != 1 ? w.inner("minus", "Power", small, NodeWriting.power(1, sign, 0)) : small;
            String whole = large == 1 && sign != 1
                    ? w.inner("minus", "Power", w.bottom(1), NodeWriting.power(1, sign, 0))
                    : w.bottom(large);
            spread(w, whole, large, signed, "Bias", EltwiseOp.SUM);
        }
    }

    private static void mul(NodeWriting w) {
        Optional<Tensor> left = w.constant(0);
        Optional<Tensor> right = w.constant(1);
        if (right.isPresent()) {
            linear(w, w.bottom(0), w.in(0), right, 1, Tensor.scalar(0));
        } else if (left.isPresent()) {
            linear(w, w.bottom(1), w.in(1), left, 1, Tensor.scalar(0));
        } else if (Arrays.equals(w.in(0), w.in(1))) {
            same(w, EltwiseOp.PROD);
        } else {
            int large = larger(w);
            spread(w, w.bottom(large), large, w.bottom(1 - large), "Scale", EltwiseOp.PROD);
        }
    }

    private static void div(NodeWriting w) {
        Optional<Tensor> right = w.constant(1);
        if (right.isPresent()) {
            float[] reciprocals = right.get().floats();
            for (int i = 0; i < reciprocals.length; i++) {
                reciprocals[i] = 1 / reciprocals[i];
            }
            linear(
                    w,
                    w.bottom(0),
                    w.in(0),
                    Optional.of(Tensor.ofFloats(right.get().dims(), reciprocals)),
                    1,
                    Tensor.scalar(0));
            return;
        }
        String reciprocal = w.inner("reciprocal", "Power", w.bottom(1), NodeWriting.power(-1, 1, 0));
        Optional<Tensor> left = w.constant(0);
        if (left.isPresent()) {
            linear(w, reciprocal, w.in(1), left, 1, Tensor.scalar(0));
        } else if (Arrays.equals(w.in(0), w.in(1))) {
            w.last("Eltwise", w.bottom(0), NodeWriting.eltwise(EltwiseOp.PROD, reciprocal));
        } else if (larger(w) == 0) {
            spread(w, w.bottom(0), 0, reciprocal, "Scale", EltwiseOp.PROD);
        } else {
            throw w.refused("divides a smaller blob by a larger one");
        }
    }

    private static int larger(NodeWriting w) {
        int large = Arrays.equals(w.in(0), w.out()) ? 0 : 1;
        if (!Arrays.equals(w.in(large), w.out())) {
            throw w.refused("spreads both of its inputs");
        }
        return large;
    }

    /**
     * A blob and a smaller one. Axes of size 1 at the end: two bottoms of Scale or Bias, which spread over them. In
     * between: copies.
     */
    private static void spread(NodeWriting w, String whole, int large, String small, String layer, EltwiseOp op) {
        long[] to = w.in(large);
        long[] from = aligned(w.in(1 - large), to.length);
        int axes = to.length;
        while (axes > 0 && from[axes - 1] == 1) {
            axes--;
        }
        long[] head = Arrays.copyOf(from, axes);
        if (axes > 0 && Arrays.equals(head, Arrays.copyOf(to, axes))) {
            int kept = axes;
            String flat = w.inner(
                    "flat",
                    "Reshape",
                    small,
                    l -> l.getReshapeParamBuilder()
                            .setShape(NetBuilder.blobShape(zeroFirst(Arrays.copyOf(from, kept)))));
            w.last(layer, whole, l -> {
                l.addBottom(flat);
                if (layer.equals("Scale")) {
                    l.getScaleParamBuilder().setAxis(0);
                } else {
                    l.getBiasParamBuilder().setAxis(0);
                }
            });
            return;
        }
        if (w.in(1 - large).length != to.length) {
            throw w.refused("spreads a blob with fewer axes");
        }
        String copies = small;
        for (int i = 0; i < to.length; i++) {
            if (from[i] != to[i]) {
                int axis = i;
                copies = w.inner(
                        "tile" + i,
                        "Tile",
                        copies,
                        l -> l.getTileParamBuilder().setAxis(axis).setTiles((int) to[axis]));
            }
        }
        w.last("Eltwise", whole, NodeWriting.eltwise(op, copies));
    }

    private static long[] zeroFirst(long[] dims) {
        dims[0] = 0;
        return dims;
    }

    private static long[] aligned(long[] dims, int rank) {
        long[] all = new long[rank];
        Arrays.fill(all, 1);
        System.arraycopy(dims, 0, all, rank - dims.length, dims.length);
        return all;
    }

    /** factor x + summand, where one of them may be a tensor; {@code sign} goes with x where there is no factor. */
    private static void linear(
            NodeWriting w, String x, long[] shape, Optional<Tensor> factor, float sign, Tensor summand) {
        if (!Arrays.equals(shape, w.out())) {
            throw w.refused("spreads a computed blob over a larger constant");
        }
        Tensor constant = factor.orElse(summand);
        if (constant.elementCount() == 1) {
            w.last(
                    "Power",
                    x,
                    factor.isPresent()
                            ? NodeWriting.power(1, constant.floats()[0], 0)
                            : NodeWriting.power(1, sign, constant.floats()[0]));
            return;
        }
        long[] dims = aligned(constant.dims(), shape.length);
        int from = 0;
        while (dims[from] == 1) {
            from++;
        }
        int to = shape.length;
        while (dims[to - 1] == 1) {
            to--;
        }
        long[] block = Arrays.copyOfRange(dims, from, to);
        if (!Arrays.equals(block, Arrays.copyOfRange(shape, from, to))) {
            throw w.refused("has a constant that spreads over an axis between others");
        }
        int axis = from;
        int axes = to - from;
        Tensor factors = factor.orElseGet(() -> Weights.filled(constant.elementCount(), sign));
        w.last(
                "Scale",
                x,
                l -> WeightedOperators.scale(
                        l,
                        NodeWriting.blob(factors, block),
                        factor.isPresent() ? Optional.empty() : Optional.of(NodeWriting.blob(summand, block)),
                        axis,
                        axes));
    }
}
