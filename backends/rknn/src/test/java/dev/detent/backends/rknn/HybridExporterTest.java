package dev.detent.backends.rknn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.graph.ValueInfo.Dimension;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.TensorQuantization;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The files beside the model, and what is said of them. */
class HybridExporterTest {

    private static final ValueInfo EIGHT = ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8);

    private final Map<String, String> files = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private void export(String name, Map<String, List<String>> pictures) {
        export(new HybridExporter(Set.of(), "layer"), model(name, EIGHT), pictures);
    }

    private void export(HybridExporter exporter, QuantizedModel model, Map<String, List<String>> pictures) {
        ExportContext context = (ExportContext) Proxy.newProxyInstance(
                ExportContext.class.getClassLoader(), new Class<?>[] {ExportContext.class}, (self, method, given) -> {
                    switch (method.getName()) {
                        case "calibration":
                            return new CalibrationInputs(Order.RGB, 1, List.of(0f), List.of(1f), pictures);
                        case "decimal":
                            return String.valueOf(given[0]);
                        case "text":
                            files.put((String) given[0], (String) given[1]);
                            return null;
                        case "onnx":
                            return null;
                        case "report":
                            problems.add((Problem) given[0]);
                            return null;
                        default:
                            throw new AssertionError(method);
                    }
                });
        exporter.export(model, context);
    }

    private static QuantizedModel model(String name, ValueInfo input) {
        Graph graph = new Graph()
                .edit()
                .opset("", 13)
                .input(input)
                .add(Node.of("r", "Relu", List.of("x"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1, 3, 8, 8))
                .graph();
        return new QuantizedModel() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public String target() {
                return "rknn";
            }

            @Override
            public Graph graph() {
                return graph;
            }

            @Override
            public Quantization quantization() {
                return floatEverywhere();
            }
        };
    }

    /** Every node holds configs, and all of them were switched off, as {@code --keep-float} does it. */
    private static Quantization floatEverywhere() {
        TensorQuantization off = (TensorQuantization) Proxy.newProxyInstance(
                TensorQuantization.class.getClassLoader(),
                new Class<?>[] {TensorQuantization.class},
                (self, m, given) -> {
                    switch (m.getName()) {
                        case "value":
                            return "x";
                        case "root":
                            return self;
                        case "state":
                            return QuantizationState.FP32;
                        default:
                            throw new AssertionError(m);
                    }
                });
        return (Quantization) Proxy.newProxyInstance(
                Quantization.class.getClassLoader(), new Class<?>[] {Quantization.class}, (self, m, given) -> {
                    switch (m.getName()) {
                        case "isQuantized":
                            return true;
                        case "inputs":
                        case "outputs":
                            return List.of(off);
                        default:
                            throw new AssertionError(m);
                    }
                });
    }

    /**
     * rknn-toolkit2 2.5 quantized such nodes: the list was empty, for nodes that a person keeps float hold configs too.
     */
    @Test
    void whatAPersonKeepsFloatIsListed() {
        export(new HybridExporter(Set.of("Relu"), "layer"), model("m", EIGHT), Map.of());
        assertThat(files.get("m.build.py")).contains("\nhybrid = [['x', 'y']]  # from tensor to tensor: float16\n");
    }

    /** Step 2 ends with "The model already exists" on the object of step 1. */
    @Test
    void stepTwoHasAnObjectOfItsOwn() {
        export("m", Map.of());
        assertThat(files.get("m.build.py"))
                .containsSubsequence("hybrid_quantization_step1", "rknn = RKNN()", "hybrid_quantization_step2");
    }

    @Test
    void theToolkitHasAsManyScalesAsTheTarget() {
        export(new HybridExporter(Set.of(), "channel"), model("m", EIGHT), Map.of());
        assertThat(files.get("m.build.py")).contains("quantized_method='channel'");
    }

    /** load_onnx refuses ['N', 3, 8, 8]. */
    @Test
    void aFreeBatchIsOne() {
        ValueInfo free = free(new Dimension(-1, "N"), Dimension.of(3), Dimension.of(8), Dimension.of(8));
        export(new HybridExporter(Set.of(), "layer"), model("m", free), Map.of("x", List.of("/data/a.png")));
        assertThat(files.get("m.build.py"))
                .contains("\nsizes = [[1, 3, 8, 8]]  #")
                .contains("inputs=['x'], input_size_list=sizes)");
        assertThat(problems).isEmpty();
    }

    @Test
    void otherFreeSizesAreThePersonsChoice() {
        ValueInfo free = free(new Dimension(-1, "N"), Dimension.of(3), new Dimension(-1, "H"), new Dimension(-1, "W"));
        export(new HybridExporter(Set.of(), "layer"), model("m", free), Map.of("x", List.of("/data/a.png")));
        assertThat(files.get("m.build.py"))
                .contains("\nsizes = [[1, 3, None, None]]  #", "assert all(all(s) for s in sizes)");
        assertThat(problems).singleElement().satisfies(p -> {
            assertThat(p.id()).isEqualTo("DT-RKN-002");
            assertThat(p.where()).isEqualTo("x");
        });
    }

    private static ValueInfo free(Dimension... dims) {
        return new ValueInfo("x", ElementType.FLOAT, Optional.of(List.of(dims)), UnmodeledProto.NONE);
    }

    @Test
    void anInputWithoutPicturesIsTold() {
        export("m", Map.of());
        assertThat(problems).singleElement().satisfies(p -> {
            assertThat(p.id()).isEqualTo("DT-RKN-001");
            assertThat(p.severity()).isEqualTo(Problem.Severity.NOTE);
            assertThat(p.where()).isEqualTo("x");
            assertThat(p.sentence()).contains("m.dataset.txt");
        });
    }

    @Test
    void picturesNeedNoWord() {
        export("m", Map.of("x", List.of("/data/a.png", "/data/b.png")));
        assertThat(problems).isEmpty();
        assertThat(files.get("m.dataset.txt")).isEqualTo("/data/a.png\n/data/b.png\n");
    }

    @Test
    void theScriptSaysItsOwnName() {
        export("my net's", Map.of());
        assertThat(files).containsKey("my net's.build.py");
        assertThat(files.get("my net's.build.py"))
                .startsWith("# Builds the model with rknn-toolkit2: python 'my net'\\''s.build.py' rk3588\n");
        export("m", Map.of());
        assertThat(files.get("m.build.py"))
                .startsWith("# Builds the model with rknn-toolkit2: python m.build.py rk3588\n");
    }
}
