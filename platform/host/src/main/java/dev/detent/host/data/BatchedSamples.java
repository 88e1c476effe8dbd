package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Rows joined to the fixed batch of a model that takes several at once; what is left over at the end goes unused. */
final class BatchedSamples implements Samples {

    private final Samples single;
    private final int rows;

    private BatchedSamples(Samples single, int rows) {
        this.single = single;
        this.rows = rows;
    }

    /** The first dimension of every input, where all have the same one and it is fixed; otherwise 1. */
    static int rows(Graph graph) {
        List<Integer> first =
                graph.inputs().stream().map(BatchedSamples::first).distinct().toList();
        return first.size() == 1 ? first.get(0) : 1;
    }

    private static int first(ValueInfo input) {
        return input.shape()
                .filter(s -> !s.isEmpty() && s.get(0).isKnown())
                .map(s -> (int) s.get(0).size())
                .orElse(1);
    }

    /** Data that come as the model takes them stay as they are. */
    static Samples of(Graph graph, Samples samples, String where) {
        int rows = rows(graph);
        if (rows < 2 || samples.get(0).inputs().values().stream().anyMatch(i -> i.shape()[0] != 1)) {
            return samples;
        }
        if (samples.size() < rows) {
            throw new UserException(
                    DataProblems.BATCH_NOT_FILLED,
                    "holds " + samples.size() + " samples, and the model takes " + rows
                            + " at once; give at least as many, or export the model with a batch of 1 or a dynamic one",
                    where);
        }
        return new BatchedSamples(samples, rows);
    }

    @Override
    public int size() {
        return single.size() / rows;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public Sample get(int index) {
        Map<String, Sample.Input> joined =
                new LinkedHashMap<>(single.get(index * rows).inputs());
        joined.replaceAll((name, first) -> new Sample.Input(
                first.type(),
                batch(first.shape()),
                LittleEndian.allocate((long) first.data().remaining() * rows, describe(index))));
        for (int r = 0; r < rows; r++) {
            int at = index * rows + r;
            single.get(at).inputs().forEach((name, row) -> {
                Sample.Input batch = Objects.requireNonNull(joined.get(name));
                if (!Arrays.equals(batch.shape(), batch(row.shape()))) {
                    throw new UserException(
                            DataProblems.BATCH_SHAPES,
                            "has shape " + Arrays.toString(row.shape()) + ", others of its batch "
                                    + Arrays.toString(batch.shape()) + "; the model takes " + rows
                                    + " of one size at once",
                            single.describe(at));
                }
                batch.data().put(row.data().duplicate());
            });
        }
        joined.values().forEach(i -> i.data().flip());
        return new Sample(joined);
    }

    private long[] batch(long[] row) {
        long[] shape = row.clone();
        shape[0] *= rows;
        return shape;
    }

    @Override
    public String describe(int index) {
        return single.describe(index * rows) + " to " + single.describe(index * rows + rows - 1);
    }
}
