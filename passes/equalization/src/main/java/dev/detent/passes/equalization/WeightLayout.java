package dev.detent.passes.equalization;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;

/**
 * Which output and input channel each element of a weight belongs to.
 *
 * @param block elements per step of axis 0
 * @param inner elements per step of axis 1
 */
record WeightLayout(Node node, long[] dims, int block, int inner, int group) {

    static WeightLayout of(Node node, Tensor weight) {
        int block = (int) (weight.elementCount() / Math.max(1, weight.dim(0)));
        int inner = (int) (block / Math.max(1, weight.rank() > 1 ? weight.dim(1) : 1));
        return new WeightLayout(node, weight.dims(), block, inner, (int) node.intAttribute("group", 1));
    }

    int outputChannels() {
        return switch (node.opType()) {
            case "Gemm", "MatMul" -> (int) (isTransposed() ? dims[0] : dims[1]);
            case "ConvTranspose" -> (int) dims[1] * group;
            default -> (int) dims[0];
        };
    }

    int inputChannels() {
        return switch (node.opType()) {
            case "Gemm", "MatMul" -> (int) (isTransposed() ? dims[1] : dims[0]);
            case "ConvTranspose" -> (int) dims[0];
            default -> (int) dims[1] * group;
        };
    }

    int output(int i) {
        int first = i / block;
        int second = i % block / inner;
        return switch (node.opType()) {
            case "Gemm", "MatMul" -> isTransposed() ? first : second;
            case "ConvTranspose" -> first / (int) (dims[0] / group) * (int) dims[1] + second;
            default -> first;
        };
    }

    int input(int i) {
        int first = i / block;
        int second = i % block / inner;
        return switch (node.opType()) {
            case "Gemm", "MatMul" -> isTransposed() ? second : first;
            case "ConvTranspose" -> first;
            default -> first / (int) (dims[0] / group) * (int) dims[1] + second;
        };
    }

    private boolean isTransposed() {
        return node.intAttribute("transB", 0) == 1;
    }
}
