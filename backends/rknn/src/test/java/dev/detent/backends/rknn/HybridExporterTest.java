package dev.detent.backends.rknn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The files beside the model, and what is said of them. */
class HybridExporterTest {

    private final Map<String, String> files = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private void export(String name, Map<String, List<String>> pictures) {
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
        new HybridExporter(Set.of()).export(model(name), context);
    }

    private static QuantizedModel model(String name) {
        Graph graph = new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8))
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
                throw new AssertionError("no operator is quantizable");
            }
        };
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
