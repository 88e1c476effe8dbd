package dev.detent.backends.tensorrt;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import java.util.List;
import org.pf4j.Extension;

/** TensorRT as a target. */
@Extension
public final class TensorRt implements Backend {

    @Override
    public List<Target> targets() {
        return List.of(TensorRtTarget.int8(), TensorRtTarget.fp8());
    }
}
