package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Raw little-endian tensors of the input's own type; a file may hold several samples.
 *
 * @param bytes of one sample
 * @param starts the number of each file's first sample, and last the number of all samples
 */
record RawSource(List<Path> files, InputConverter input, long[] shape, int bytes, int[] starts) implements InputSource {

    static RawSource of(List<Path> files, InputConverter input) {
        long[] shape = shape(input, files.get(0).toString());
        int bytes = bytes(input, shape, files.get(0).toString());
        int[] starts = new int[files.size() + 1];
        for (int f = 0; f < files.size(); f++) {
            starts[f + 1] = starts[f] + count(files.get(f), bytes, starts[f], input);
        }
        return new RawSource(files, input, shape, bytes, starts);
    }

    private static long[] shape(InputConverter input, String where) {
        long[] shape = input.info().shape().orElse(List.of()).stream()
                .mapToLong(ValueInfo.Dimension::size)
                .toArray();
        if (shape.length > 0 && shape[0] < 0) {
            shape[0] = 1;
        }
        if (input.info().shape().isEmpty() || Arrays.stream(shape).anyMatch(d -> d < 0)) {
            throw new UserException(
                    DataProblems.RAW_SHAPE,
                    "is raw data, and the model's input '" + input.name() + "' has no fixed shape " + input.takes()
                            + "; use .npy",
                    where);
        }
        return shape;
    }

    private static int bytes(InputConverter input, long[] shape, String where) {
        try {
            long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            int bytes = Math.toIntExact(
                    (Math.multiplyExact(elements, input.info().type().bits()) + 7) / 8);
            if (bytes > 0) {
                return bytes;
            }
        } catch (ArithmeticException e) {
            // Reported below, together with shapes of zero bytes.
        }
        throw new UserException(
                DataProblems.RAW_SIZE,
                "is raw data, and a sample of the model's input '" + input.name() + "', " + input.takes()
                        + ", has no bytes or more than 2 GiB",
                where);
    }

    private static int count(Path file, int bytes, int before, InputConverter input) {
        long size = DataFile.size(file);
        if (size == 0 || size % bytes != 0 || size / bytes > Integer.MAX_VALUE - before) {
            throw new UserException(
                    DataProblems.RAW_LENGTH,
                    "has " + size + " bytes, no multiple of the " + bytes + " that input '" + input.name() + "' takes",
                    file.toString());
        }
        return (int) (size / bytes);
    }

    @Override
    public int size() {
        return starts[files.size()];
    }

    @Override
    public Sample.Input get(int index) {
        int file = file(index);
        try (FileChannel channel = FileChannel.open(files.get(file), StandardOpenOption.READ)) {
            ByteBuffer data = DataFile.part(channel, (long) (index - starts[file]) * bytes, bytes);
            return input.convert(
                    NpyArray.of(new NpyHeader(input.info().type(), shape, false, bytes, 0), data), describe(index));
        } catch (IOException e) {
            throw DataFile.unreadable(describe(index), e);
        }
    }

    /** The file that sample {@code index} lies in; no file is empty, so no two start alike. */
    private int file(int index) {
        int found = Arrays.binarySearch(starts, index);
        return found >= 0 ? found : -found - 2;
    }

    @Override
    public String describe(int index) {
        int file = file(index);
        int row = index - starts[file];
        return files.get(file) + (row > 0 ? "[" + row + "]" : "");
    }
}
