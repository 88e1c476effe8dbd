package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import java.util.List;
import org.pf4j.Extension;

/** ONNX Runtime as a target. */
@Extension
public final class OnnxRuntime implements Backend {

    @Override
    public List<Target> targets() {
        return List.of(new OnnxRuntimeTarget());
    }
}
