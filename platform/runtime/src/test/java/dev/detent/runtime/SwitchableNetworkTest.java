package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Slot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SwitchableNetworkTest {

    private static final Slot WEIGHT = Slot.input("conv0", 1);

    private static Tensor weight(int seed) {
        return Tensor.ofFloats(new long[] {4, 4, 3, 3}, BlockWalkTest.random(144, seed));
    }

    private static Variant with(Slot slot, Tensor constant) {
        return new Variant(Variant.Base.QUANTIZED, Map.of(), Map.of(slot, constant), Set.of());
    }

    /** Outputs of the variants for the first sample. */
    private static List<float[]> outputs(SwitchableNetwork network, Variant... variants) {
        float[][] all = new float[variants.length][];
        network.run(
                List.of(variants),
                BlockWalkTest.SAMPLES.first(1),
                1,
                d -> {},
                (i, bases) -> {},
                (i, v, bases, out) -> all[v] = out.floats("r3"));
        return List.of(all);
    }

    /** What is open already must not be closed to make room for the rest of the same run. */
    @Test
    void variantsKeepTheirWeightsWhenSessionsAreClosed() {
        Variant first = with(WEIGHT, weight(50));
        Variant second = with(WEIGHT, weight(51));
        try (SwitchableNetwork network = SwitchableNetwork.of(
                BlockWalkTest.network("Relu"), BlockWalkTest.configs(0.02f), Map.of(WEIGHT, weight(52)), Set.of())) {
            network.keepWeights(0);
            float[] alone = outputs(network, first).get(0);
            List<float[]> both = outputs(network, first, second);
            assertThat(both.get(0)).isEqualTo(alone);
            assertThat(both.get(1)).isNotEqualTo(alone);
        }
    }

    /** A failure of a variant names the sample. */
    @Test
    void aFailureNamesItsSample() {
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 4))
                .initializer("i", Tensor.ofLongs(new long[] {1}, 0))
                .add(Node.of("pick", "Gather", List.of("x", "i"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1));
        Slot indices = Slot.input("pick", 1);
        Samples samples = new Samples() {
            @Override
            public int size() {
                return 1;
            }

            @Override
            public Sample get(int index) {
                ByteBuffer data = ByteBuffer.allocateDirect(16).order(ByteOrder.LITTLE_ENDIAN);
                return new Sample(Map.of("x", new Sample.Input(ElementType.FLOAT, new long[] {4}, data)));
            }

            @Override
            public String describe(int index) {
                return "cat.png";
            }
        };
        try (SwitchableNetwork network = SwitchableNetwork.of(
                g, new BlockWalkTest.Configs(Map.of()), Map.of(indices, Tensor.ofLongs(new long[] {1}, 1)), Set.of())) {
            Variant outside = with(indices, Tensor.ofLongs(new long[] {1}, 99));
            assertThatThrownBy(() -> network.run(
                            List.of(outside), samples, 1, d -> {}, (i, bases) -> {}, (i, v, bases, out) -> {}))
                    .isInstanceOfSatisfying(
                            UserException.class,
                            e -> assertThat(e.problems().get(0).where()).isEqualTo("cat.png"));
        }
    }
}
