package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.runtime.Samples;
import dev.detent.runtime.SegmentedSimulation;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data for models that take several rows at once. */
class BatchesTest {

    @TempDir
    Path work;

    private static final Preprocessing NONE = Preprocessing.parse("none");

    private static Graph model(long... shape) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, shape))
                .graph();
    }

    /** An array of 0, 1, 2 ... */
    private String npy(String name, int... shape) throws IOException {
        float[] values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return NpyFiles.floats(work.resolve(name), Arrays.toString(shape).replaceAll("[\\[\\]]", ""), values)
                .toString();
    }

    private static float[] values(Samples samples, int index) {
        float[] values = new float[samples.get(index).inputs().get("x").data().remaining() / 4];
        samples.get(index).inputs().get("x").data().asFloatBuffer().get(values);
        return values;
    }

    @Test
    void rowsAreJoinedAndTheRestGoesUnused() throws IOException {
        Samples s = SampleLoader.open(model(3, 2), npy("seven.npy", 7, 2), NONE, 0);
        assertThat(s.size()).isEqualTo(2);
        assertThat(s.rows()).isEqualTo(3);
        assertThat(s.get(1).inputs().get("x").shape()).containsExactly(3, 2);
        assertThat(values(s, 1)).containsExactly(6, 7, 8, 9, 10, 11);
        assertThat(SampleLoader.open(model(3, 2), npy("seven.npy", 7, 2), NONE, 1)
                        .rows())
                .isEqualTo(3);
    }

    @Test
    void wholeBatchesStayAsTheyAre() throws IOException {
        Samples s = SampleLoader.open(model(3, 2), npy("whole.npy", 4, 3, 2), NONE, 0);
        assertThat(s.size()).isEqualTo(4);
        assertThat(s.rows()).isEqualTo(1);
        assertThat(values(s, 3)).startsWith(18);
    }

    @Test
    void tooFewRowsAreRefused() throws IOException {
        String two = npy("two.npy", 2, 2);
        assertThatThrownBy(() -> SampleLoader.open(model(3, 2), two, NONE, 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-DAT-047")
                .hasMessageContaining("holds 2 samples, and the model takes 3 at once");
    }

    @Test
    void everyRowHasItsLabel() throws IOException {
        Samples s = SampleLoader.open(model(3, 2), npy("six.npy", 6, 2), NONE, 0);
        EvaluationMetrics.Reference reference = EvaluationMetrics.Reference.of(List.of("y"), s, (samples, sink) -> {
            for (int i = 0; i < samples.size(); i++) {
                int sample = i;
                sink.accept(i, new SegmentedSimulation.Outputs() {
                    @Override
                    public float[] floats(String name) {
                        return sample == 0 ? new float[] {0, 1, 0, 1, 1, 0} : new float[] {1, 0, 1, 0, 1, 0};
                    }

                    @Override
                    public long[] shape(String name) {
                        return new long[] {3, 2};
                    }
                });
            }
        });
        assertThat(reference.self(Optional.of(new int[] {1, 1, 0, 1, 1, 1})).top1())
                .hasValue(.5);
    }
}
