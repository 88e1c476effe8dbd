package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CustomOperatorsTest {

    @TempDir
    Path folder;

    @AfterEach
    void none() {
        CustomOperators.use(List.of());
    }

    private static Graph graph(String domain, String type) {
        return new Graph()
                .edit()
                .opset("", 17)
                .opset("acme", 1)
                .input(ValueInfo.of("x", ElementType.FLOAT, 4))
                .add(Node.of("n", type, List.of("x"), List.of("y"), Map.of()).withOpType(domain, type))
                .output(ValueInfo.of("y", ElementType.FLOAT, 4))
                .graph();
    }

    @Test
    void aLibraryThatIsNotThereIsTold() {
        assertThatThrownBy(() -> CustomOperators.use(List.of(folder.resolve("none.so"))))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-RUN-015")
                .hasMessageContaining("none.so");
    }

    @Test
    void aFileThatIsNoLibraryIsTold() throws IOException {
        CustomOperators.use(List.of(Files.writeString(folder.resolve("text.so"), "no library")));
        assertThatThrownBy(() -> OrtModel.of(graph("", "Relu"), OrtOptimizationLevel.NONE, "m"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-RUN-015")
                .hasMessageContaining("text.so");
    }

    /** There was no way to give one, and nothing said what was missing. */
    @Test
    void anOperatorThatNobodyKnowsSaysHowItIsGiven() {
        assertThatThrownBy(() -> OrtModel.of(graph("acme", "Glow"), OrtOptimizationLevel.NONE, "m"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("--ort-extension FILE");
    }
}
