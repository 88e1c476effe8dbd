package dev.detent.host.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeedTest {

    @TempDir
    Path folder;

    private Path model(String name, int products) throws IOException {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 64, 64));
        String last = "x";
        for (int i = 0; i < products; i++) {
            e.add(Node.of("n" + i, "MatMul", List.of(last, "x"), List.of("v" + i), Map.of()));
            last = "v" + i;
        }
        Path file = folder.resolve(name);
        OnnxWriter.write(e.output(ValueInfo.of(last, ElementType.FLOAT, 64, 64)).graph(), file);
        return file;
    }

    @Test
    void aFileThatComputesMoreIsSlowerAndSaysBecauseOfWhat() throws IOException {
        Path one = model("one.onnx", 1);
        Path many = model("many.onnx", 30);
        NoiseSamples samples = new NoiseSamples(
                new Graph()
                        .edit()
                        .opset("", 13)
                        .input(ValueInfo.of("x", ElementType.FLOAT, 64, 64))
                        .graph(),
                1);
        Speed slower = Speed.measure(one, many, samples).orElseThrow();
        assertThat(slower.ratio()).isLessThan(0.5);
        assertThat(slower.slower()).startsWith("products of matrices ");
        Speed faster = Speed.measure(many, one, samples).orElseThrow();
        assertThat(faster.ratio()).isGreaterThan(2);
        assertThat(faster.slower()).isEmpty();
    }

    @Test
    void aModelThatDoesNotRunHasNoSpeed() throws IOException {
        NoiseSamples others = new NoiseSamples(
                new Graph()
                        .edit()
                        .opset("", 13)
                        .input(ValueInfo.of("x", ElementType.FLOAT, 2, 3))
                        .graph(),
                1);
        assertThat(Speed.measure(model("a.onnx", 1), model("b.onnx", 1), others))
                .isEmpty();
    }

    @Test
    void itIsSaidInWords() {
        assertThat(new Speed(12.1, 6.3, "")).hasToString("float 12.1 ms, quantized 6.3 ms: 1.9 times as fast");
        assertThat(new Speed(0.05, 0.1, ""))
                .hasToString("float 50 µs, quantized 100 µs: slower, it takes 2.0 times as long");
        assertThat(new Speed(200, 201, "")).hasToString("float 200 ms, quantized 201 ms: equally fast");
    }

    @Test
    void kernelsOfOneKindAreComparedWhateverTheirNames() {
        String event = "{\"cat\":\"Node\",\"name\":\"n_kernel_time\",\"dur\":%d,\"args\":{\"op_name\":\"%s\"}}";
        OperatorTimes floats = OperatorTimes.of("[" + event.formatted(2000, "FusedConv") + "]", 2);
        OperatorTimes quantized = OperatorTimes.of(
                "[" + event.formatted(3000, "QLinearConv") + "," + event.formatted(400, "QuantizeLinear")
                        + ",{\"cat\":\"Session\",\"name\":\"model_run\",\"dur\":9}]",
                1);
        assertThat(floats.whatTakesLonger(quantized))
                .isEqualTo(
                        "Conv 3.00 ms (1.00 in float), conversions between float and codes 0.400 ms (0.00 in float)");
    }

    @Test
    void ofAProfileThatWasCutShortNothingIsSaid() {
        String event = "{\"cat\":\"Node\",\"name\":\"n_kernel_time\",\"dur\":%d,\"args\":{\"op_name\":\"Conv\"}}";
        String whole = "[" + event.formatted(2000) + "]";
        assertThat(OperatorTimes.whatTakesLonger(whole, "[" + event.formatted(3000) + "]", 1))
                .isEqualTo("Conv 3.00 ms (2.00 in float)");
        assertThat(OperatorTimes.whatTakesLonger(whole, "[" + event.formatted(3000) + ",{\"cat\":", 1))
                .isEmpty();
        assertThat(OperatorTimes.whatTakesLonger("", whole, 1)).isEmpty();
    }
}
