package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.detent.onnx.OnnxWriter;
import dev.detent.onnx.OutputCount;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatheredOutputsTest {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @TempDir
    Path work;

    /** Outputs o0 and on; each third of numbers of 64 bits. */
    private Path star(int outputs, int opset) throws IOException {
        GraphEditor g = new Graph().edit().opset("", opset).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3));
        for (int i = 0; i < outputs; i++) {
            String o = "o" + i;
            if (i % 3 == 0) {
                g.add(Node.of("n" + i, "Cast", List.of("x"), List.of(o), Map.of("to", new Attribute.IntValue(7))))
                        .output(ValueInfo.of(o, ElementType.INT64, 1, 3));
            } else {
                g.add(Node.of("n" + i, i % 3 == 1 ? "Neg" : "Relu", List.of("x"), List.of(o), Map.of()))
                        .output(ValueInfo.of(o, ElementType.FLOAT, 1, 3));
            }
        }
        Path file = work.resolve("star.onnx");
        OnnxWriter.write(g.graph(), file);
        return file;
    }

    private static Samples one(float... values) {
        ByteBuffer data = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder());
        for (float v : values) {
            data.putFloat(v);
        }
        data.flip();
        return new Samples() {
            @Override
            public int size() {
                return 1;
            }

            @Override
            public Sample get(int index) {
                return new Sample(
                        Map.of("x", new Sample.Input(ElementType.FLOAT, new long[] {1, values.length}, data)));
            }

            @Override
            public String describe(int index) {
                return "one";
            }
        };
    }

    @ParameterizedTest
    @CsvSource({"700, 17", "700, 10", "20, 17"})
    void outputsKeepTheirNamesOrderAndValues(int outputs, int opset) throws IOException {
        try (OrtModel model = OrtModel.of(star(outputs, opset), OrtOptimizationLevel.ALL)) {
            assertThat(model.outputs()).hasSize(outputs).startsWith("o0", "o1", "o2");
            assertThat(model.isTensor("o1")).isTrue();
            Map<String, float[]> got = new TreeMap<>();
            model.forEach(one(1, -2, 3), 1, d -> {}, (i, out) -> {
                for (String o : model.outputs()) {
                    if (!o.equals("o0") && Integer.parseInt(o.substring(1)) % 3 != 0) {
                        got.put(o, out.floats(o));
                    }
                    assertThat(out.shape(o)).containsExactly(1, 3);
                }
            });
            assertThat(got).hasSize(outputs - (outputs + 2) / 3);
            got.forEach((o, v) -> {
                if (Integer.parseInt(o.substring(1)) % 3 == 1) {
                    assertThat(v).containsExactly(-1, 2, -3);
                } else {
                    assertThat(v).containsExactly(1, 0, 3);
                }
            });
        }
    }

    /** ONNX Runtime alone takes half a minute of a core. */
    @Test
    void eightThousandOutputsOfOneValue() throws IOException {
        Path file = star(8000, 17);
        assertThat(OutputCount.of(file)).isEqualTo(8000);
        assertTimeout(
                Duration.ofSeconds(20),
                () -> OrtModel.of(file, OrtOptimizationLevel.ALL).close());
    }

    /**
     * ONNX Runtime gave each of them a DequantizeLinear of its own, in a dozen seconds, although it rewrote nothing.
     */
    @Test
    void tenThousandReadersOfADequantizedValue() throws IOException {
        GraphEditor g = new Graph().edit().opset("", 17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3));
        g.initializer("s", Tensor.ofFloats(new long[0], 0.1f));
        g.add(Node.of("q", "QuantizeLinear", List.of("x", "s"), List.of("codes"), Map.of()));
        g.add(Node.of("d", "DequantizeLinear", List.of("codes", "s"), List.of("v"), Map.of()));
        for (int i = 0; i < 10_000; i++) {
            g.add(Node.of("n" + i, "Neg", List.of("v"), List.of("o" + i), Map.of()));
            g.output(ValueInfo.of("o" + i, ElementType.FLOAT, 1, 3));
        }
        long before = THREADS.getCurrentThreadCpuTime();
        OrtModel.of(g.graph(), OrtOptimizationLevel.NONE, "star").close();
        assertThat(Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void whatIsNoModelHasNoOutputs() throws IOException {
        assertThat(OutputCount.of(work.resolve("missing"))).isZero();
        assertThat(OutputCount.of(Files.writeString(work.resolve("text"), "no model at all")))
                .isZero();
    }
}
