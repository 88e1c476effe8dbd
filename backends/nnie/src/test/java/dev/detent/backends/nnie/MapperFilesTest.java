package dev.detent.backends.nnie;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.export.CaffeNames;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Quantization;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What the mapper gets, and what is said where it gets nothing. */
class MapperFilesTest {

    /** Pixels of small means: the scale has an exponent in Java's own notation. */
    private static final CalibrationInputs SMALL =
            new CalibrationInputs(Order.RGB, 1 / 1020f, List.of(0f), List.of(1f), Map.of());

    private final Map<String, String> files = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private void write(Supplier<CaffeNames> caffe) {
        ExportContext context = (ExportContext) Proxy.newProxyInstance(
                ExportContext.class.getClassLoader(), new Class<?>[] {ExportContext.class}, (self, method, given) -> {
                    switch (method.getName()) {
                        case "caffe":
                            return caffe.get();
                        case "calibration":
                            return SMALL;
                        case "decimal":
                            return new BigDecimal(String.valueOf(given[0])).toPlainString();
                        case "text":
                            files.put((String) given[0], (String) given[1]);
                            return null;
                        case "report":
                            problems.add((Problem) given[0]);
                            return null;
                        default:
                            throw new AssertionError(method);
                    }
                });
        new MapperFiles(8, Optional.empty(), "instructions_name").write(model(graph(1).graph()), context);
    }

    private static GraphEditor graph(int channels) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, channels, 7, 7))
                .initializer("w", Tensor.ofFloats(new long[] {4, 1, 1, 1}, 1, 2, 3, 4))
                .initializer("s", Tensor.scalar(3))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 3, 3));
    }

    private static QuantizedModel model(Graph graph) {
        Quantization nothing = (Quantization) Proxy.newProxyInstance(
                Quantization.class.getClassLoader(), new Class<?>[] {Quantization.class}, (self, method, given) -> {
                    assertThat(method.getName()).isEqualTo("inputs");
                    return List.of();
                });
        return new QuantizedModel() {
            @Override
            public String name() {
                return "m";
            }

            @Override
            public String target() {
                return "nnie";
            }

            @Override
            public Graph graph() {
                return graph;
            }

            @Override
            public Quantization quantization() {
                return nothing;
            }
        };
    }

    @Test
    void aFullDiskEndsTheRun() {
        UserException full = new UserException("DT-OUT-004", "could not be written: no space left", "m.caffemodel");
        assertThatThrownBy(() -> write(() -> {
                    throw full;
                }))
                .isSameAs(full);
        assertThat(problems).isEmpty();
    }

    @Test
    void aNodeWithoutALayerIsAWarning() {
        write(() -> {
            throw new UserException("DT-CAF-023", "node 'e' (Erf) has no layer in Caffe", "y");
        });
        assertThat(problems).singleElement().satisfies(p -> {
            assertThat(p.id()).isEqualTo("DT-NNI-003");
            assertThat(p.severity()).isEqualTo(Problem.Severity.WARNING);
        });
        assertThat(files).isEmpty();
    }

    /** A mapper's parser need not know 9.8E-4. */
    @Test
    void theScaleIsAPlainDecimal() {
        write(() -> new CaffeNames(Map.of(), Map.of()));
        assertThat(files.get("m.cfg")).contains("[data_scale] 0.0009803922\n");
    }

    /** Of what the network's writer does without loss nothing is said; what it cannot write it says itself. */
    @Test
    void theLintLeavesToTheWriterWhatTheWriterKnows() {
        GraphEditor edit = graph(4);
        Attribute two = new Attribute.Ints(List.of(2L, 2L));
        edit.add(Node.of("a-name-of-more-than-thirty-two-characters", "Abs", List.of("x"), List.of("a"), Map.of()));
        edit.add(Node.of("d", "Div", List.of("a", "s"), List.of("b"), Map.of()));
        edit.add(Node.of("g", "Conv", List.of("b", "w"), List.of("c"), Map.of("group", new Attribute.IntValue(4))));
        edit.add(Node.of("p", "MaxPool", List.of("c"), List.of("y"), Map.of("kernel_shape", two, "strides", two)));
        assertThat(NnieLint.check(model(edit.graph())))
                .extracting(Problem::toString)
                .containsExactly(
                        "DT-NNI-002: g: is a grouped convolution; NNIE runs it badly or not at all, it stays float here");
    }
}
