package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import java.util.Optional;

/**
 * An ONNX value as a tensor of the file.
 *
 * @param dims in ONNX's order
 * @param encoding empty for floats and indices
 */
record StoredValue(int tensor, long[] dims, AxisOrder order, ElementType type, Optional<Encoding> encoding) {

    /** In the file's order. */
    long[] shape() {
        return order.apply(dims);
    }

    /** The same tensor under other axes. */
    StoredValue seenAs(long[] newDims, AxisOrder newOrder) {
        return new StoredValue(tensor, newDims, newOrder, type, encoding);
    }
}
