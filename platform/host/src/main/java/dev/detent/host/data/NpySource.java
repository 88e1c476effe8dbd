package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.List;

/** Samples in NumPy arrays: the rows of one, or a file for each. */
final class NpySource {

    private NpySource() {}

    /** The rows of a {@code .npy}, which is mapped and not read as a whole. */
    static InputSource rows(Path file, InputConverter input) {
        return rows(file.toString(), NpyArray.map(file), input);
    }

    static InputSource rows(String where, NpyArray array, InputConverter input) {
        return new Rows(where, array, count(array.shape(), where), input);
    }

    static InputSource files(List<Path> files, InputConverter input) {
        return new ArrayFiles(files, input);
    }

    /** Rows of an array of this shape. */
    private static int count(long[] shape, String where) {
        long rows = rowShape(shape, where).length == 0 ? 0 : shape[0];
        if (rows > Integer.MAX_VALUE) {
            throw new UserException(
                    DataProblems.TOO_MANY_SAMPLES, "counts " + rows + " samples; the file is damaged", where);
        }
        return (int) rows;
    }

    /** The shape of one row, with the first axis kept as 1. */
    static long[] rowShape(long[] shape, String where) {
        if (shape.length == 0) {
            throw new UserException(
                    DataProblems.NO_SAMPLE_AXIS, "is a single number; its first axis must count samples", where);
        }
        long[] row = shape.clone();
        row[0] = 1;
        return row;
    }

    private record Rows(String where, NpyArray array, int size, InputConverter input) implements InputSource {
        @Override
        public Sample.Input get(int index) {
            return input.convert(array.row(index, describe(index)), describe(index));
        }

        @Override
        public String describe(int index) {
            return where + "[" + index + "]";
        }
    }

    private record ArrayFiles(List<Path> files, InputConverter input) implements InputSource {
        @Override
        public int size() {
            return files.size();
        }

        @Override
        public Sample.Input get(int index) {
            return input.convert(NpyArray.map(files.get(index)), describe(index));
        }

        @Override
        public String describe(int index) {
            return files.get(index).toString();
        }
    }
}
