package dev.detent.host.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxWriter;
import dev.detent.runtime.KernelProfile;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
        KernelProfile floats = KernelProfile.parse("[\n" + event(2000, "FusedConv") + "\n]", 2);
        KernelProfile quantized = KernelProfile.parse(
                "[\n" + event(3000, "QLinearConv") + ",\n" + event(400, "QuantizeLinear")
                        + ",\n{\"cat\":\"Session\",\"name\":\"model_run\",\"dur\":9}\n]",
                1);
        assertThat(Speed.whatTakesLonger(floats, quantized))
                .isEqualTo(
                        "Conv 3.00 ms (1.00 in float), conversions between float and codes 0.400 ms (0.00 in float)");
    }

    /** Of a GRU that is float in both it was said that it takes three times as long, for one run was disturbed. */
    @Test
    void aRunThatWasDisturbedBlamesNobody() {
        KernelProfile floats = KernelProfile.parse(
                "[\n" + event(500, "GRU") + ",\n" + event(500, "GRU") + ",\n" + event(500, "GRU") + "\n]", 3);
        KernelProfile quantized = KernelProfile.parse(
                "[\n" + event(9000, "GRU") + ",\n" + event(500, "GRU") + ",\n" + event(500, "GRU") + ",\n"
                        + event(200, "QuantizeLinear") + "\n]",
                3);
        assertThat(Speed.whatTakesLonger(floats, quantized))
                .startsWith("conversions")
                .doesNotContain("GRU");
    }

    /** The ratio was lost with it, without a word. */
    @Test
    void ofAProfileThatWasCutShortItIsSaid() {
        KernelProfile whole = KernelProfile.parse("[\n" + event(2000, "Conv") + "\n]", 1);
        KernelProfile cut = KernelProfile.parse("[\n" + event(3000, "Conv") + ",\n{\"cat\":", 1);
        assertThat(Speed.whatTakesLonger(whole, cut)).contains("could not be told apart");
        assertThat(Speed.whatTakesLonger(KernelProfile.parse("", 1), whole)).contains("could not be told apart");
    }

    @Test
    void anInterruptEndsIt() throws IOException {
        Path one = model("one.onnx", 1);
        NoiseSamples samples = new NoiseSamples(
                new Graph()
                        .edit()
                        .opset("", 13)
                        .input(ValueInfo.of("x", ElementType.FLOAT, 64, 64))
                        .graph(),
                1);
        Thread.currentThread().interrupt();
        try {
            assertThat(Speed.measure(one, one, samples)).isEmpty();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    private static String event(int micros, String kernel) {
        return String.format(
                Locale.ROOT,
                "{\"cat\" : \"Node\",\"pid\" :1,\"dur\" :%d,\"ph\" : \"X\",\"name\" :\"a \"quoted\" n_kernel_time\","
                        + "\"args\" : {\"op_name\" : \"%s\"}}",
                micros,
                kernel);
    }
}
