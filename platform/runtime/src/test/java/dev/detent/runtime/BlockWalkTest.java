package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import dev.detent.support.number.LinearInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** A network of four convolutions with a skip connection, 8 bits behind every Relu. */
class BlockWalkTest {

    private static final long[] IMAGE = {1, 4, 6, 6};

    record Config(Slot slot, String value, QuantizationParameters parameters) implements TensorQuantization {
        @Override
        public boolean isInitializer() {
            return false;
        }

        @Override
        public QuantizationState state() {
            return QuantizationState.ACTIVATED;
        }

        @Override
        public TensorQuantization root() {
            return this;
        }

        @Override
        public Scheme scheme() {
            return LinearInteger.asymmetric(8, 0, 255);
        }

        @Override
        public Optional<QuantizationParameters> qparams() {
            return Optional.of(parameters);
        }

        @Override
        public boolean isFixed() {
            return false;
        }

        @Override
        public String observer() {
            return "minmax";
        }
    }

    record Configs(Map<Slot, Config> all) implements Quantization {
        @Override
        public Collection<? extends TensorQuantization> configs() {
            return all.values();
        }

        @Override
        public Optional<? extends TensorQuantization> config(Slot slot) {
            return Optional.ofNullable(all.get(slot));
        }

        @Override
        public boolean isQuantized(Node node) {
            return true;
        }

        @Override
        public boolean isPassive(Node node) {
            return false;
        }

        @Override
        public String target(Node node) {
            return "test";
        }

        @Override
        public List<? extends TensorQuantization> inputs(Node node) {
            return List.of();
        }

        @Override
        public List<? extends TensorQuantization> outputs(Node node) {
            return output(node, 0).stream().toList();
        }
    }

    static float[] random(int size, int seed) {
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian() * 0.4f;
        }
        return values;
    }

    static Graph network(String odd) {
        Graph g = new Graph();
        GraphEditor edit = g.edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, IMAGE));
        String in = "x";
        for (int i = 0; i < 4; i++) {
            edit.initializer("w" + i, Tensor.ofFloats(new long[] {4, 4, 3, 3}, random(144, i)));
            edit.initializer("b" + i, Tensor.ofFloats(new long[] {4}, random(4, 9 + i)));
            edit.add(Node.of(
                    "conv" + i,
                    "Conv",
                    List.of(in, "w" + i, "b" + i),
                    List.of("c" + i),
                    Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)))));
            edit.add(Node.of("relu" + i, i == 1 ? odd : "Relu", List.of("c" + i), List.of("r" + i), Map.of()));
            edit.valueInfo(ValueInfo.of("c" + i, ElementType.FLOAT, IMAGE));
            edit.valueInfo(ValueInfo.of("r" + i, ElementType.FLOAT, IMAGE));
            in = "r" + i;
            if (i == 2) {
                edit.add(Node.of("join", "Add", List.of("r2", "r1"), List.of("j"), Map.of()));
                edit.valueInfo(ValueInfo.of("j", ElementType.FLOAT, IMAGE));
                in = "j";
            }
        }
        return edit.output(ValueInfo.of("r3", ElementType.FLOAT, IMAGE)).graph();
    }

    static Configs configs(float scale) {
        Map<Slot, Config> all = new LinkedHashMap<>();
        for (int i = 0; i < 4; i++) {
            Slot slot = Slot.output("relu" + i, 0);
            all.put(slot, new Config(slot, "r" + i, QuantizationParameters.of(scale, 0)));
        }
        return new Configs(all);
    }

    static final Samples SAMPLES = new Samples() {
        @Override
        public int size() {
            return 10;
        }

        @Override
        public Sample get(int index) {
            ByteBuffer data = ByteBuffer.allocateDirect(4 * 144).order(ByteOrder.LITTLE_ENDIAN);
            data.asFloatBuffer().put(random(144, 100 + index));
            return new Sample(Map.of("x", new Sample.Input(ElementType.FLOAT, IMAGE, data)));
        }
    };

    private static final Differentiator.Cutting TWO = new Differentiator.Cutting(2, 6, 4, 1 << 24);

    private static BlockWalk walk(Graph g, Configs configs, int workers) {
        return new BlockWalk(g, g.copy(), configs, SAMPLES, workers, (done, count) -> {});
    }

    @Test
    void visitsTheWholeNetworkInOrder() {
        List<String> nodes = new ArrayList<>();
        List<String> names = new ArrayList<>();
        BlockWalk walk = walk(network("Relu"), configs(0.02f), 2);
        walk.walk(TWO, b -> {
            b.nodes().forEach(n -> nodes.add(n.name()));
            names.add(b.name());
            assertThat(b.samples()).isEqualTo(6);
            assertThat(b.heldOut()).isEqualTo(4);
            assertThat(b.count()).isEqualTo(2);
            assertThat(b.parameters()).hasSize(4);
            assertThat(b.activations()).hasSize(2);
        });
        assertThat(names).containsExactly("r1", "r3");
        assertThat(nodes)
                .containsExactlyElementsOf(
                        network("Relu").nodes().stream().map(Node::name).toList());
        assertThat(walk.withoutGradient()).isEmpty();
    }

    @Test
    void anOperatorWithoutGradientStandsAlone() {
        List<List<String>> blocks = new ArrayList<>();
        BlockWalk walk = walk(network("Atan"), configs(0.02f), 1);
        walk.walk(TWO, b -> blocks.add(b.nodes().stream().map(Node::name).toList()));
        assertThat(walk.withoutGradient()).extracting(Node::name).containsExactly("relu1");
        assertThat(blocks).contains(List.of("relu1"));
    }

    /** With nothing quantized. */
    @Test
    void gradientsAreThoseOfTheError() {
        Graph g = network("Relu");
        Configs none = new Configs(Map.of());
        walk(g, none, 1).walk(TWO, b -> {
            Block.Values values = b.values().copy();
            for (Block.Parameter p : b.parameters()) {
                float[] moved = Objects.requireNonNull(values.parameters().get(p.value()))
                        .clone();
                for (int i = 0; i < moved.length; i++) {
                    moved[i] += 0.1f * (i % 3 - 1);
                }
                values.parameters().put(p.value(), moved);
            }
            int[] all = IntStream.range(0, b.samples()).toArray();
            Block.Gradient gradient = b.gradient(values, all, Block.Drop.NONE);
            for (Block.Parameter p : b.parameters()) {
                float[] at = Objects.requireNonNull(values.parameters().get(p.value()));
                float[] slope = Objects.requireNonNull(gradient.parameters().get(p.value()));
                double expected = 0;
                float[] up = at.clone();
                float[] down = at.clone();
                for (int i = 0; i < at.length; i++) {
                    float d = 1e-3f * (i % 2 == 0 ? 1 : -1);
                    up[i] += d;
                    down[i] -= d;
                    expected += 2 * d * slope[i];
                }
                double difference = error(b, values, p, up, all) - error(b, values, p, down, all);
                assertThat(difference).isCloseTo(expected, Offset.offset(0.03 * Math.abs(expected) + 1e-6));
            }
        });
    }

    private static double error(Block b, Block.Values values, Block.Parameter p, float[] moved, int[] samples) {
        Block.Values there = values.copy();
        there.parameters().put(p.value(), moved);
        return b.gradient(there, samples, Block.Drop.NONE).error();
    }

    @Test
    void whatAVisitorCommitsReachesTheNextBlock() {
        Graph g = network("Relu");
        List<Double> before = new ArrayList<>();
        walk(g, configs(0.02f), 1).walk(TWO, b -> before.add(b.error(b.values())));
        List<Double> after = new ArrayList<>();
        walk(g, configs(0.02f), 1).walk(TWO, b -> {
            after.add(b.error(b.values()));
            if (b.index() == 0) {
                g.edit().initializer("w0", Tensor.ofFloats(new long[] {4, 4, 3, 3}, random(144, 77)));
            }
        });
        assertThat(after.get(0)).isEqualTo(before.get(0));
        assertThat(after.get(1)).isGreaterThan(10 * before.get(1));
    }

    /** A sample counts by how much of it is lost, not by how large it is. */
    @Test
    void theErrorIsTheGeometricMeanOverSamples() {
        Graph g = network("Relu");
        List<Double> errors = new ArrayList<>();
        for (List<Integer> some : List.of(List.of(0), List.of(1), List.of(0, 1))) {
            Samples few = new Samples() {
                @Override
                public int size() {
                    return some.size();
                }

                @Override
                public Sample get(int index) {
                    Sample s = SAMPLES.get(some.get(index));
                    if (some.get(index) == 1) {
                        FloatBuffer x = Objects.requireNonNull(s.inputs().get("x"))
                                .data()
                                .asFloatBuffer();
                        for (int i = 0; i < x.capacity(); i++) {
                            x.put(i, 50 * x.get(i));
                        }
                    }
                    return s;
                }
            };
            new BlockWalk(g, g.copy(), configs(0.02f), few, 1, (done, count) -> {})
                    .walk(new Differentiator.Cutting(2, some.size(), 0, 1 << 24), b -> {
                        if (b.index() == 0) {
                            errors.add(b.error(b.values()));
                        }
                    });
        }
        assertThat(errors.get(1)).isGreaterThan(100 * errors.get(0));
        assertThat(errors.get(2))
                .isCloseTo(Math.sqrt(errors.get(0) * errors.get(1)), Offset.offset(1e-6 * errors.get(1)));
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        List<List<Object>> runs = new ArrayList<>();
        for (int workers : new int[] {1, 2, 3, 8}) {
            List<Object> numbers = new ArrayList<>();
            walk(network("Relu"), configs(0.05f), workers).walk(TWO, b -> {
                Block.Gradient gradient = b.gradient(b.values(), new int[] {0, 3, 1, 5, 2}, new Block.Drop(0.3, 42));
                numbers.add(gradient.error());
                gradient.parameters().forEach((name, v) -> numbers.add(List.of(name, java.util.Arrays.hashCode(v))));
                gradient.scales().forEach((slot, v) -> numbers.add(List.of(slot, v[0])));
                numbers.add(b.error(b.values()));
            });
            runs.add(numbers);
        }
        assertThat(runs).allMatch(r -> r.equals(runs.get(0)));
        assertThat(runs.get(0)).hasSizeGreaterThan(10);
    }

    /** Sums of what both networks have at a place. */
    private static final class Seen implements Block.PairSketch<Seen> {
        private final List<Float> quantized = new ArrayList<>();
        private double distance;

        @Override
        public void accept(float[] exact, float[] read, long[] shape) {
            assertThat(shape).containsExactly(IMAGE);
            for (int i = 0; i < exact.length; i++) {
                quantized.add(read[i]);
                distance = Math.max(distance, Math.abs(exact[i] - read[i]));
            }
        }

        @Override
        public void merge(Seen other) {
            quantized.addAll(other.quantized);
            distance = Math.max(distance, other.distance);
        }
    }

    /** A value that arrives at a block, and one that is made in it. */
    @Test
    void whatANodeReadsIsShownOfBothNetworks() {
        List<List<Object>> runs = new ArrayList<>();
        for (int workers : new int[] {1, 3}) {
            List<Object> numbers = new ArrayList<>();
            walk(network("Relu"), configs(0.05f), workers).walk(TWO, b -> {
                for (Node n : b.nodes()) {
                    if (n.is("Conv") && !n.input(0).equals("x")) {
                        Seen seen = b.observe(Slot.input(n.name(), 0), Seen::new);
                        assertThat(seen.quantized).hasSize(6 * 144);
                        assertThat(seen.distance).isBetween(0.01, 0.5);
                        if (!n.input(0).equals("j")) {
                            assertThat(seen.quantized).allMatch(v -> Math.abs(v / 0.05 - Math.rint(v / 0.05)) < 1e-3);
                        }
                        numbers.add(List.of(n.name(), seen.quantized, seen.distance));
                    }
                }
            });
            runs.add(numbers);
        }
        assertThat(runs.get(0)).hasSize(3);
        assertThat(runs.get(1)).isEqualTo(runs.get(0));
    }

    /** The last layer reads nothing of channel 2 of what the first block gives: an error there counts least. */
    @Test
    void errorsAreWeighedByWhatTheOutputsFeel() {
        double[][] errors = new double[2][];
        for (int curvature : new int[] {0, 4}) {
            Graph g = network("Relu");
            for (String w : List.of("w2", "w3")) {
                float[] values = g.initializer(w).orElseThrow().floats();
                for (int i = 0; i < values.length; i++) {
                    values[i] *= i / 9 % 4 == 2 ? 0 : 1;
                }
                g.edit().initializer(w, Tensor.ofFloats(new long[] {4, 4, 3, 3}, values));
            }
            List<Double> found = new ArrayList<>();
            walk(g, configs(0.02f), 2).walk(new Differentiator.Cutting(2, 6, 4, 1 << 24, curvature), b -> {
                if (b.index() == 0) {
                    for (int channel : new int[] {1, 2}) {
                        Block.Values values = b.values().copy();
                        float[] bias = Objects.requireNonNull(
                                        values.parameters().get("b1"))
                                .clone();
                        bias[channel] += 0.3f;
                        values.parameters().put("b1", bias);
                        found.add(b.error(values));
                    }
                }
            });
            errors[curvature / 4] = found.stream().mapToDouble(e -> e).toArray();
        }
        assertThat(errors[1][1] / errors[1][0]).isLessThan(0.7 * errors[0][1] / errors[0][0]);
    }

    @Test
    void fewerSamplesWhereTheyDoNotFit() {
        // Input and output of a block, in two networks.
        long perSample = 2 * 4 * 2 * 144;
        walk(network("Relu"), configs(0.05f), 1).walk(new Differentiator.Cutting(2, 6, 4, 5 * perSample), b -> {
            assertThat(b.samples()).isEqualTo(4);
            assertThat(b.heldOut()).isEqualTo(1);
        });
    }
}
