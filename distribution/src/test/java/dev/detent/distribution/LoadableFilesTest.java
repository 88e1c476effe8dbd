package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Graphs whose Q/DQ files ONNX Runtime (1.28) did not load, or not run. */
class LoadableFilesTest {

    private static final Map<String, Attribute> PADS = Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)));

    @TempDir
    Path work;

    /** Symmetric bounds and an odd number of steps: the range of the codes ends half a step outside. */
    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "onnxruntime-vnni", "onnxruntime-arm64", "qnn-ep", "rknn", "openvino"})
    void aClipThatTheCodesRepeat(String target) throws IOException {
        GraphEditor e = CaseRun.graph(13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8, 8, 8));
        e.initializer("lo", Tensor.scalar(-1)).initializer("hi", Tensor.scalar(1));
        String value = "x";
        for (int i = 0; i < 3; i++) {
            e.initializer("w" + i, CaseRun.weight(i, 8, 8, 3, 3));
            e.add(Node.of("conv" + i, "Conv", List.of(value, "w" + i), List.of("c" + i), PADS));
            e.add(Node.of("clip" + i, "Clip", List.of("c" + i, "lo", "hi"), List.of("r" + i), Map.of()));
            value = "r" + i;
        }
        e.initializer("shape", Tensor.ofLongs(new long[] {2}, 1, 512)).initializer("g", CaseRun.weight(7, 512, 10));
        e.add(Node.of("flat", "Reshape", List.of(value, "shape"), List.of("f"), Map.of()));
        e.add(Node.of("gemm", "Gemm", List.of("f", "g"), List.of("h"), Map.of()));
        e.add(Node.of("clip", "Clip", List.of("h", "lo", "hi"), List.of("hc"), Map.of()));
        e.initializer("g2", CaseRun.weight(8, 10, 10));
        e.add(Node.of("gemm2", "Gemm", List.of("hc", "g2"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), target, 1);
        assertThat(run.problems()).doesNotContain("DT-EVA-007");
        assertThat(run.outcome().scores()).containsKey("exported");
        assertThat(run.verified()).isEmpty();
    }

    /** It was quantized, and could not be evaluated: ONNX Runtime loads no model with such names. */
    @Test
    void nodesThatShareAName() throws IOException {
        GraphEditor e = CaseRun.graph(13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 8, 8, 8));
        e.initializer("w1", CaseRun.weight(1, 8, 8, 1, 1)).initializer("w2", CaseRun.weight(2, 8, 8, 1, 1));
        e.add(Node.of("layer-one", "Conv", List.of("x", "w1"), List.of("c"), Map.of()));
        e.add(Node.of("layer-two", "Conv", List.of("c", "w2"), List.of("y"), Map.of()));
        String file = new String(OnnxWriter.bytes(CaseRun.output(e, "y").graph()), StandardCharsets.ISO_8859_1);
        Path model = Files.write(
                work.resolve("model.onnx"),
                file.replace("layer-two", "layer-one").getBytes(StandardCharsets.ISO_8859_1));
        String data = InstalledDistribution.npy(work.resolve("x.npy"), "2, 8, 8, 8", InstalledDistribution.noise(1024))
                .toString();
        CaseRun run = CaseRun.of(work, model, data, "openvino");
        assertThat(run.outcome().scores()).containsKeys("float", "exported");
        assertThat(run.verified()).isEmpty();
    }

    /** What MatMul contracts has no output channel, and matrices of a stack have their own. */
    @ParameterizedTest
    @CsvSource({
        "onnxruntime, 16 24, 24",
        "onnxruntime, 4 16 24, 4 24 32",
        "onnxruntime, 4 16 24, 1 24 32",
        "onnxruntime, 2 4 16 24, 2 4 24 32",
        "onnxruntime, 2 4 16 24, 4 24 32",
        "onnxruntime-vnni, 4 16 24, 4 24 32",
        "onnxruntime-arm64, 16 24, 24",
        "openvino, 4 16 24, 4 24 32",
        "openvino, 16 24, 24",
        "tensorrt, 4 16 24, 4 24 32",
        "tensorrt, 16 24, 24",
        "onnxruntime-dynamic, 4 16 24, 4 24 32",
        "onnxruntime-int4, 4 16 24, 4 24 32",
        "dsp, 16 24, 24",
        "nnie, 4 16 24, 4 24 32",
        "vitis, 16 24, 24",
        "ncnn, 4 16 24, 4 24 32",
        "metax-channel, 4 16 24, 4 24 32",
        "fp8-e4m3, 16 24, 24"
    })
    void aMatMulWithAVectorOrAStack(String target, String input, String weight) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, dims(input)));
        e.initializer("w", CaseRun.weight(3, dims(weight)));
        e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), target, 1);
        assertThat(run.problems()).doesNotContain("DT-EVA-007", "DT-EVA-006");
        assertThat(run.verified()).isEmpty();
        assertThat(run.snr("simulated")).isGreaterThan(target.endsWith("int4") ? 15 : 20);
    }

    private static long[] dims(String text) {
        return List.of(text.split(" ")).stream().mapToLong(Long::parseLong).toArray();
    }

    /** [1, K, N] is a matrix, whose channels keep their own scales. */
    @Test
    void aStackOfOneIsAMatrix() throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 4, 16, 24));
        float[] w = CaseRun.weight(3, 24, 32).floats();
        for (int i = 0; i < w.length; i++) {
            w[i] *= (float) Math.pow(2, i % 32 / 4.0);
        }
        e.initializer("w", Tensor.ofFloats(new long[] {1, 24, 32}, w));
        e.add(Node.of("product", "MatMul", List.of("x", "w"), List.of("y"), Map.of()));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), "onnxruntime", 1);
        assertThat(run.problems()).doesNotContain("DT-EVA-007");
        assertThat(run.outcome().scores()).containsKey("exported");
        assertThat(run.verified()).isEmpty();
        assertThat(run.snr("simulated")).isGreaterThan(36);
    }

    /** Readings in tesla or farad are around 1e-9. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "onnxruntime",
                "qnn-ep",
                "openvino",
                "tensorrt",
                "rknn",
                "fp8-e4m3",
                "vitis",
                "nnie",
                "ascend",
                "ncnn",
                "mnn",
                "tengine",
                "ppl-cuda",
                "nxp",
                "fpga",
                "metax-channel"
            })
    void aTinySignal(String target) throws IOException {
        GraphEditor e = CaseRun.graph(17).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
        e.initializer("w", CaseRun.weight(1, 32, 4, 3, 3)).initializer("gain", Tensor.scalar(1e9f));
        e.initializer("w2", CaseRun.weight(2, 32, 32, 3, 3)).initializer("w3", CaseRun.weight(3, 32, 32, 3, 3));
        e.add(Node.of("c1", "Conv", List.of("x", "w"), List.of("a"), PADS));
        e.add(Node.of("r1", "Relu", List.of("a"), List.of("ar"), Map.of()));
        e.add(Node.of("c2", "Conv", List.of("ar", "w2"), List.of("c"), PADS));
        e.add(Node.of("mul", "Mul", List.of("c", "gain"), List.of("m"), Map.of()));
        e.add(Node.of("r2", "Relu", List.of("m"), List.of("mr"), Map.of()));
        e.add(Node.of("c3", "Conv", List.of("mr", "w3"), List.of("y"), PADS));
        CaseRun run = CaseRun.of(work, CaseRun.output(e, "y").graph(), target, 1e-9);
        assertThat(run.snr("simulated")).isGreaterThan(20);
        assertThat(run.verified()).isEmpty();
    }
}
