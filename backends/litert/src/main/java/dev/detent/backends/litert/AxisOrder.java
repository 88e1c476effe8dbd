package dev.detent.backends.litert;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * In which order the file's tensor has the axes of the ONNX value: position p holds axis {@code axes.get(p)}. Pictures
 * lie channels last in LiteRT; everything else as in ONNX, unless a Transpose was spared by renaming the axes.
 */
record AxisOrder(List<Integer> axes) {

    static AxisOrder natural(int rank) {
        return new AxisOrder(IntStream.range(0, rank).boxed().toList());
    }

    /** N, H, W, C of a value N, C, H, W; of any rank from 2. */
    static AxisOrder channelsLast(int rank) {
        return natural(rank).withLast(1);
    }

    /** The same with one axis moved to the end. */
    AxisOrder withLast(int axis) {
        List<Integer> moved = new ArrayList<>(axes);
        moved.remove(Integer.valueOf(axis));
        moved.add(axis);
        return new AxisOrder(List.copyOf(moved));
    }

    int rank() {
        return axes.size();
    }

    boolean isNatural() {
        return equals(natural(rank()));
    }

    /** Where an axis lies. */
    int position(int axis) {
        return axes.indexOf(axis);
    }

    /** Per-axis numbers in the file's order. */
    long[] apply(long[] byAxis) {
        return axes.stream().mapToLong(a -> byAxis[a]).toArray();
    }

    /** TRANSPOSE's permutation from this order to another. */
    int[] permutationTo(AxisOrder to) {
        return to.axes.stream().mapToInt(this::position).toArray();
    }

    /** The bytes lie the same in the other order, because only axes of size 1 change places. */
    boolean liesAs(AxisOrder other, long[] dims) {
        return significant(dims).equals(other.significant(dims));
    }

    private List<Integer> significant(long[] dims) {
        return axes.stream().filter(a -> dims[a] != 1).toList();
    }

    /** The way back. */
    AxisOrder inverse() {
        return new AxisOrder(
                IntStream.range(0, rank()).map(axes::indexOf).boxed().toList());
    }

    /** The order of a value whose axis i is axis {@code permutation.get(i)} of this one. */
    AxisOrder renamed(List<Long> permutation) {
        return new AxisOrder(
                axes.stream().map(a -> permutation.indexOf((long) a)).toList());
    }

    /** Without some axes; those left are counted anew. */
    AxisOrder without(List<Integer> dropped) {
        List<Integer> left = axes.stream().filter(a -> !dropped.contains(a)).toList();
        return new AxisOrder(left.stream()
                .map(a -> (int) left.stream().filter(b -> b < a).count())
                .toList());
    }
}
