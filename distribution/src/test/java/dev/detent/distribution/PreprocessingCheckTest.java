package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.analyze.PreprocessingCheck;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Pictures that were not preprocessed are noticed by the network's own doubt, right ones never. */
class PreprocessingCheckTest {

    private static final int CLASSES = 12;

    /** Scores of a class for pictures around its level of brightness, 0 to 1; of all else it knows next to nothing. */
    private static Graph classifier() {
        Graph g = new Graph();
        GraphEditor e = g.edit();
        e.opset("", 13);
        e.input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8));
        float[] levels = new float[CLASSES];
        float[] weights = new float[3 * CLASSES];
        float[] ramp = new float[3 * CLASSES];
        for (int i = 0; i < 3 * CLASSES; i++) {
            int c = i % CLASSES;
            levels[c] = -(c + 0.5f);
            weights[i] = CLASSES / 3f;
            ramp[i] = 0.001f * c;
        }
        e.initializer("w", Tensor.ofFloats(new long[] {3, CLASSES}, weights));
        e.initializer("b", Tensor.ofFloats(new long[] {CLASSES}, levels));
        e.initializer("r", Tensor.ofFloats(new long[] {3, CLASSES}, ramp));
        e.initializer("one", Tensor.scalar(1));
        e.add(Node.of("pool", "GlobalAveragePool", List.of("x"), List.of("p"), Map.of()));
        e.add(Node.of("flat", "Flatten", List.of("p"), List.of("f"), Map.of("axis", new Attribute.IntValue(1))));
        e.add(Node.of("fc", "Gemm", List.of("f", "w", "b"), List.of("d"), Map.of()));
        e.add(Node.of("far", "Abs", List.of("d"), List.of("a"), Map.of()));
        e.add(Node.of("near", "Sub", List.of("one", "a"), List.of("n"), Map.of()));
        e.add(Node.of("bump", "Relu", List.of("n"), List.of("u"), Map.of()));
        e.add(Node.of("rise", "MatMul", List.of("f", "r"), List.of("m"), Map.of()));
        e.add(Node.of("scores", "Add", List.of("u", "m"), List.of("y"), Map.of()));
        e.output(ValueInfo.of("y", ElementType.FLOAT, 1, CLASSES));
        return g;
    }

    private static Samples pictures(float scale) {
        return pictures(scale, 8);
    }

    private static Samples pictures(float scale, int count) {
        Random random = new Random(2);
        List<Sample> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer data = ByteBuffer.allocateDirect(4 * 192).order(ByteOrder.LITTLE_ENDIAN);
            float level = (random.nextInt(CLASSES) + 0.5f) / CLASSES;
            for (int k = 0; k < 192; k++) {
                data.putFloat(scale * level);
            }
            all.add(new Sample(Map.of("x", new Sample.Input(ElementType.FLOAT, new long[] {1, 3, 8, 8}, data.flip()))));
        }
        return new Samples() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }
        };
    }

    @Test
    void rightPicturesRaiseNoSuspicion() {
        assertThat(PreprocessingCheck.suspicion(classifier(), pictures(1), 1)).isEmpty();
    }

    @Test
    void whatIsNoClassifierOfPicturesIsLeftAlone() {
        Graph g = classifier();
        g.edit().output(ValueInfo.of("d", ElementType.FLOAT, 1, CLASSES));
        assertThat(PreprocessingCheck.suspicion(g, pictures(255), 1)).isEmpty();
    }

    @Test
    void rawPicturesAreNoticed() {
        assertThat(PreprocessingCheck.suspicion(classifier(), pictures(255), 1))
                .hasValueSatisfying(s -> assertThat(s).contains("--preset unit"));
    }

    /** Noise in a batch of four, of which the first picture alone was looked at, had red and blue swapped. */
    @Test
    void fewPicturesDecideNothing() {
        assertThat(PreprocessingCheck.suspicion(classifier(), pictures(255, 3), 1))
                .isEmpty();
    }
}
