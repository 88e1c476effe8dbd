package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Buffers as {@link dev.detent.runtime.Sample.Input} holds them: direct and little-endian. */
final class LittleEndian {

    private LittleEndian() {}

    /** Java's buffers end at 2 GiB: what is larger is refused before anything is allocated. */
    static ByteBuffer allocate(long bytes, String where) {
        if (bytes > Integer.MAX_VALUE) {
            throw new UserException(
                    DataProblems.TENSOR_TOO_LARGE,
                    "takes " + bytes + " bytes for one tensor; at most 2 GiB are read",
                    where);
        }
        return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
