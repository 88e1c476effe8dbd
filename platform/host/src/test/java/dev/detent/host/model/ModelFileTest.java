package dev.detent.host.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelFileTest {

    /** They would not be read, and yet stand in the record of the run. */
    @Test
    void anOnnxModelTakesNoFileOfWeights() {
        assertThatThrownBy(() -> new ModelFile(Path.of("net.onnx"), Optional.of(Path.of("net.caffemodel"))).read())
                .isInstanceOf(UserException.class)
                .hasMessageContaining("leave --weights out");
    }
}
