package dev.detent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.PluginProblems;
import dev.detent.host.progress.Progress;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DetentTest {

    /** A plugins' folder that is not there ended quantize, observe, tune and check with exit code 70. */
    @Test
    void whatPluginsFailWithIsWhatTheCallerGets() {
        UserException failure = new UserException(PluginProblems.NO_PLUGIN_FOLDER, "is no folder", "plugins");
        Supplier<Registry> plugins = () -> {
            throw failure;
        };
        Detent detent = Detent.of(plugins, "test");
        assertThatThrownBy(detent::registry).isSameAs(failure);
        assertThatThrownBy(() -> detent.recipe("onnxruntime")).isSameAs(failure);
        QuantizeRequest request = QuantizeRequest.of(Path.of("model.onnx"), List.of("onnxruntime"), Path.of("out"))
                .calibration("data")
                .build();
        assertThatThrownBy(() -> detent.quantize(request, Progress.QUIET)).isInstanceOf(UserException.class);
        assertThat(failure.exitCode()).isEqualTo(2);
    }
}
