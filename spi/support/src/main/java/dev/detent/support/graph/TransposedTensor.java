package dev.detent.support.graph;

import dev.detent.spi.Experimental;
import dev.detent.spi.graph.Tensor;
import java.nio.ByteBuffer;

/**
 * A constant with its last two axes exchanged, whatever it holds: elements of whole bytes, which 4-bit ones are not.
 * Any number of threads.
 */
@Experimental(since = "1.0")
public final class TransposedTensor {

    private TransposedTensor() {}

    /** The matrix, or each matrix of a stack, the other way round; of rank 2 or more. */
    public static Tensor of(Tensor t) {
        long[] dims = t.dims().clone();
        int rows = (int) t.dim(-2);
        int columns = (int) t.dim(-1);
        dims[dims.length - 2] = columns;
        dims[dims.length - 1] = rows;
        int width = t.type().bits() / 8;
        ByteBuffer from = t.bytes();
        ByteBuffer to = ByteBuffer.allocate(from.remaining());
        for (int i = 0; i < from.remaining() / width; i++) {
            to.put(width * place(i, rows, columns), from, width * i, width);
        }
        return Tensor.of(t.type(), dims, to);
    }

    /** Whether one matrix is the other, transposed, bit by bit. */
    public static boolean isOf(Tensor a, Tensor b) {
        if (a.type() != b.type() || a.rank() != 2 || b.rank() != 2 || a.dim(0) != b.dim(1) || a.dim(1) != b.dim(0)) {
            return false;
        }
        int rows = (int) a.dim(0);
        int columns = (int) a.dim(1);
        int width = a.type().bits() / 8;
        ByteBuffer x = a.bytes();
        ByteBuffer y = b.bytes();
        for (int i = 0; i < rows * columns; i++) {
            int at = width * place(i, rows, columns);
            for (int j = 0; j < width; j++) {
                if (x.get(width * i + j) != y.get(at + j)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Where an element of a stack of matrices goes. */
    private static int place(int i, int rows, int columns) {
        int inMatrix = i % (rows * columns);
        return i - inMatrix + inMatrix % columns * rows + inMatrix / columns;
    }
}
