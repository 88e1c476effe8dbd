package dev.detent.backends.dsp;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import java.util.List;
import org.pf4j.Extension;

/** DSP-style targets. */
@Extension
public final class Dsp implements Backend, ObserverProvider {

    @Override
    public List<Target> targets() {
        return List.of(new DspTarget());
    }

    @Override
    public List<ObserverDefinition> observers() {
        return List.of(UnitRange.DEFINITION);
    }
}
