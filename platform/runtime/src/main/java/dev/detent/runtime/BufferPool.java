package dev.detent.runtime;

import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pool of direct buffers: one that is given back is reused for the next value of about its size. A later run with the
 * same shapes in the same order can keep the buffers of the first without asking the pool again.
 */
final class BufferPool {

    /** A place is not wasted on a value that leaves more than half of it empty. */
    private static final int WASTE = 2;

    private final List<FloatBuffer> used = new ArrayList<>();
    private final List<FloatBuffer> free = new ArrayList<>();
    /** Places of values of other shapes. */
    private final List<FloatBuffer> former = new ArrayList<>();

    /** A buffer of at least {@code size} floats, with undefined contents. */
    FloatBuffer take(int size) {
        FloatBuffer again = smallest(free, size);
        if (again != null) {
            return again;
        }
        FloatBuffer place = smallest(former, size);
        if (place == null) {
            place = allocate(size);
        }
        used.add(place);
        return place;
    }

    void giveBack(FloatBuffer place) {
        free.add(place);
    }

    /** Releases all buffers, because samples of other shapes follow. */
    void startOver() {
        former.addAll(used);
        used.clear();
        free.clear();
    }

    /** Frees the buffers of former shapes that the present shapes did not reuse. */
    void dropFormer() {
        former.clear();
    }

    private static @Nullable FloatBuffer smallest(List<FloatBuffer> places, int size) {
        int best = -1;
        for (int i = 0; i < places.size(); i++) {
            int limit = places.get(i).limit();
            if (limit >= size
                    && limit / WASTE <= size
                    && (best < 0 || limit < places.get(best).limit())) {
                best = i;
            }
        }
        return best < 0 ? null : places.remove(best);
    }

    /** A value's number of elements, if Java can hold it. */
    static int size(String value, long elements) {
        if (elements > Integer.MAX_VALUE / Float.BYTES) {
            throw new UserException(
                    RuntimeProblems.TENSOR_TOO_LARGE,
                    "has " + elements + " elements; Detent looks at tensors of up to 2 GB: give smaller inputs",
                    value);
        }
        return (int) elements;
    }

    static FloatBuffer allocate(int size) {
        return ByteBuffer.allocateDirect(Math.max(4, 4 * size))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .slice(0, size);
    }
}
