package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Matrix products. */
final class MatrixGradients {

    static final Map<String, GradientRule> ROWS =
            Map.of("MatMul", MatrixGradients::matMul, "Gemm", MatrixGradients::gemm);

    private MatrixGradients() {}

    /** Stacks of matrices are broadcast; a vector counts as a matrix of one row or column. */
    private static List<String> matMul(GradientBuilder b, Node n, List<String> up) {
        long[] left = matrix(b.shape(n.input(0)), true);
        long[] right = matrix(b.shape(n.input(1)), false);
        long[] result = product(left, right);
        String dy = shaped(b, up.get(0), b.shape(n.output(0)), result);
        String da = "";
        String db = "";
        if (b.isWanted(n, 0)) {
            String w = shaped(b, b.read(n.input(1)), b.shape(n.input(1)), right);
            long[] full = result.clone();
            full[full.length - 1] = left[left.length - 1];
            da = b.op("MatMul", dy, swapped(b, w, right.length));
            da = shaped(b, b.reduceTo(da, full, left), left, b.shape(n.input(0)));
        }
        if (b.isWanted(n, 1)) {
            db = toRight(b, n, dy, left, right, result);
            db = shaped(b, db, right, b.shape(n.input(1)));
        }
        return List.of(da, db);
    }

    private static String toRight(GradientBuilder b, Node n, String dy, long[] left, long[] right, long[] result) {
        String x = shaped(b, b.read(n.input(0)), b.shape(n.input(0)), left);
        long rows = left[left.length - 1];
        long columns = right[right.length - 1];
        if (right.length == 2) {
            // One matrix for a whole stack: all rows at once.
            return gemm(b, b.reshape(x, -1, rows), b.reshape(dy, -1, columns), true, false);
        }
        long[] full = result.clone();
        full[full.length - 2] = rows;
        return b.reduceTo(b.op("MatMul", swapped(b, x, left.length), dy), full, right);
    }

    private static long[] matrix(long[] shape, boolean row) {
        if (shape.length != 1) {
            return shape;
        }
        return row ? new long[] {1, shape[0]} : new long[] {shape[0], 1};
    }

    private static long[] product(long[] left, long[] right) {
        int rank = Math.max(left.length, right.length);
        long[] result = new long[rank];
        for (int i = 0; i < rank - 2; i++) {
            long a = i - (rank - left.length) < 0 ? 1 : left[i - (rank - left.length)];
            long c = i - (rank - right.length) < 0 ? 1 : right[i - (rank - right.length)];
            result[i] = Math.max(a, c);
        }
        result[rank - 2] = left[left.length - 2];
        result[rank - 1] = right[right.length - 1];
        return result;
    }

    private static String shaped(GradientBuilder b, String value, long[] from, long[] to) {
        return java.util.Arrays.equals(from, to) ? value : b.reshape(value, to);
    }

    private static String swapped(GradientBuilder b, String value, int rank) {
        long[] order = LongStream.range(0, rank).toArray();
        order[rank - 2] = rank - 1L;
        order[rank - 1] = rank - 2L;
        return b.transpose(value, order);
    }

    /** alpha A' B' + beta C. */
    private static List<String> gemm(GradientBuilder b, Node n, List<String> up) {
        boolean transA = n.intAttribute("transA", 0) != 0;
        boolean transB = n.intAttribute("transB", 0) != 0;
        float alpha = n.floatAttribute("alpha", 1);
        float beta = n.floatAttribute("beta", 1);
        String dy = alpha == 1 ? up.get(0) : b.mul(up.get(0), alpha);
        String da = "";
        String db = "";
        String dc = "";
        if (b.isWanted(n, 0)) {
            String w = b.read(n.input(1));
            da = transA ? gemm(b, w, dy, transB, true) : gemm(b, dy, w, false, !transB);
        }
        if (b.isWanted(n, 1)) {
            String x = b.read(n.input(0));
            db = transB ? gemm(b, dy, x, true, transA) : gemm(b, x, dy, !transA, false);
        }
        if (n.hasInput(2) && b.isWanted(n, 2)) {
            String scaled = beta == 1 ? up.get(0) : b.mul(up.get(0), beta);
            dc = b.reduceTo(scaled, b.shape(n.output(0)), b.shape(n.input(2)));
        }
        return List.of(da, db, dc);
    }

    /** A product of two matrices, each transposed or not. */
    static String gemm(GradientBuilder b, String left, String right, boolean transA, boolean transB) {
        return b.add(
                "Gemm",
                List.of(left, right),
                Map.of(
                        "transA", new Attribute.IntValue(transA ? 1 : 0),
                        "transB", new Attribute.IntValue(transB ? 1 : 0)));
    }
}
