package dev.detent.passes.tuning;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a weighted operator multiplies its weights with: for a convolution the patch under the kernel at one output
 * position, for a matrix product a row of its input. Columns of a patch are in the order of a row of weights: input
 * channel of the group, then kernel position.
 *
 * @param groups groups of the convolution; 1 otherwise
 * @param columns weights of one output channel
 * @param outputs output channels of all groups
 * @param transposed the weights are stored [columns, outputs]
 */
record Im2Col(
        int groups,
        int columns,
        int outputs,
        boolean transposed,
        int[] kernel,
        int[] strides,
        int[] dilations,
        int[] pads) {

    /** Empty for operators and layouts that are not tuned. */
    static Optional<Im2Col> of(Node node, Tensor weight) {
        int rank = weight.rank();
        return switch (node.opType()) {
            case "Conv" ->
                rank == 4 && List.of("NOTSET", "VALID").contains(node.stringAttribute("auto_pad", "NOTSET"))
                        ? Optional.of(convolution(node, weight))
                        : Optional.empty();
            case "Gemm" ->
                rank == 2 && node.intAttribute("transA", 0) == 0 && node.floatAttribute("alpha", 1) == 1
                        ? Optional.of(product(weight, node.intAttribute("transB", 0) == 0))
                        : Optional.empty();
            case "MatMul" -> rank == 2 ? Optional.of(product(weight, true)) : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Im2Col convolution(Node node, Tensor weight) {
        int[] kernel = {(int) weight.dim(2), (int) weight.dim(3)};
        return new Im2Col(
                (int) node.intAttribute("group", 1),
                (int) (weight.elementCount() / weight.dim(0)),
                (int) weight.dim(0),
                false,
                kernel,
                ints(node, "strides", 1, 1),
                ints(node, "dilations", 1, 1),
                ints(node, "pads", 0, 0, 0, 0));
    }

    private static Im2Col product(Tensor weight, boolean transposed) {
        return new Im2Col(
                1,
                (int) weight.dim(transposed ? 0 : 1),
                (int) weight.dim(transposed ? 1 : 0),
                transposed,
                new int[0],
                new int[0],
                new int[0],
                new int[0]);
    }

    private static int[] ints(Node node, String attribute, long... otherwise) {
        return node.intsAttribute(attribute, Arrays.stream(otherwise).boxed().toList()).stream()
                .mapToInt(Long::intValue)
                .toArray();
    }

    /** Positions at which an input of this shape is multiplied. */
    int positions(long[] shape) {
        if (kernel.length == 0) {
            return (int) (Tensor.count(shape) / columns);
        }
        return (int) shape[0] * extent(shape, 0) * extent(shape, 1);
    }

    private int extent(long[] shape, int axis) {
        int covered = dilations[axis] * (kernel[axis] - 1) + 1;
        return ((int) shape[2 + axis] + pads[axis] + pads[2 + axis] - covered) / strides[axis] + 1;
    }

    /** Copies the patch of one group at one position; what lies beyond the border is 0. */
    void copy(float[] input, long[] shape, int position, int group, float[] patch) {
        if (kernel.length == 0) {
            System.arraycopy(input, position * columns, patch, 0, columns);
            return;
        }
        int height = (int) shape[2];
        int width = (int) shape[3];
        int across = extent(shape, 1);
        int perImage = extent(shape, 0) * across;
        int depth = columns / (kernel[0] * kernel[1]);
        int top = position % perImage / across * strides[0] - pads[0];
        int left = position % perImage % across * strides[1] - pads[1];
        int plane = (position / perImage * (int) shape[1] + group * depth) * height * width;
        int at = 0;
        for (int c = 0; c < depth; c++, plane += height * width) {
            for (int ky = 0; ky < kernel[0]; ky++) {
                int y = top + ky * dilations[0];
                for (int kx = 0; kx < kernel[1]; kx++) {
                    int x = left + kx * dilations[1];
                    patch[at++] = y >= 0 && y < height && x >= 0 && x < width ? input[plane + y * width + x] : 0;
                }
            }
        }
    }

    /** Where the weight of an output channel and a column is stored. */
    int index(int output, int column) {
        return transposed ? column * outputs + output : output * columns + column;
    }

    /**
     * Columns from one block to the next: whole channels, at most {@code limit} columns where a channel is not wider
     * itself.
     */
    int[] blocks(int limit) {
        int channel = kernel.length == 0 ? 1 : kernel[0] * kernel[1];
        int width = Math.max(1, limit / channel) * channel;
        int count = (columns + width - 1) / width;
        return IntStream.rangeClosed(0, count)
                .map(b -> Math.min(columns, b * width))
                .toArray();
    }
}
