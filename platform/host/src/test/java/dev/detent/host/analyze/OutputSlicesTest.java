package dev.detent.host.analyze;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.runtime.SegmentedSimulation;
import dev.detent.runtime.SwitchableNetwork;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputSlicesTest {

    private static SegmentedSimulation.Outputs outputs(float[] values, long... shape) {
        return new SegmentedSimulation.Outputs() {
            @Override
            public float[] floats(String value) {
                return values;
            }

            @Override
            public long[] shape(String value) {
                return shape;
            }
        };
    }

    private static List<Analysis.Slice> found(float[] exact, float[] quantized, long... shape) {
        OutputSlices slices = new OutputSlices(List.of("y"), 1);
        slices.accept(0, new SwitchableNetwork.Bases() {
            @Override
            public SegmentedSimulation.Outputs exact() {
                return outputs(exact, shape);
            }

            @Override
            public SegmentedSimulation.Outputs quantized() {
                return outputs(quantized, shape);
            }

            @Override
            public float[] ordered(String value) {
                return exact;
            }
        });
        return slices.found();
    }

    /** Boxes in pixels are right, the scores beside them are lost. */
    @Test
    void scoresBesideBoxes() {
        float[] exact = {
            100, 200, .5f, .5f, 300, 100, .4f, .5f, 200, 100, .5f, .4f, 50, 300, .5f, .5f, 100, 90, .4f, .5f
        };
        float[] quantized = exact.clone();
        for (int i = 0; i < exact.length; i++) {
            quantized[i] += i % 4 < 2 ? 1 : .5f;
        }
        List<Analysis.Slice> found = found(exact, quantized, 1, 5, 4);
        assertThat(found).extracting(Analysis.Slice::name).containsExactly("y, columns 2 to 3", "y, columns 0 to 1");
        assertThat(found.get(0).snr()).isCloseTo(-0.6, within(0.2));
        assertThat(found.get(0).shift()).isGreaterThan(5);
        assertThat(found.get(1).snr()).isGreaterThan(40);
    }

    @Test
    void columnsOfOneKindAreNotCut() {
        float[] exact = {1, 2, 2, 1, 1, 2};
        assertThat(found(exact, exact, 1, 3, 2)).isEmpty();
        assertThat(found(exact, exact, 3, 2)).isEmpty();
        assertThat(found(exact, exact, 6)).isEmpty();
    }

    /** Feature maps have their channels in the second place. */
    @Test
    void channelsOfMaps() {
        float[] exact = {1, 1, 1, 1, 100, 100, 100, 100};
        float[] quantized = {1, 1, 1, 0, 100, 100, 100, 100};
        assertThat(found(exact, quantized, 1, 2, 2, 2))
                .extracting(Analysis.Slice::name)
                .containsExactly("y, column 0", "y, column 1");
    }
}
