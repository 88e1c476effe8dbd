package dev.detent.kernel;

import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One config. Only the kernel's control changes it. The parent is a plain pointer that is never shortened: when a
 * config is detached, those that point to it follow, those that point to its former root do not (PPQ 0.6.5.1,
 * set_master).
 */
final class TensorConfig implements TensorQuantization {

    private final Slot slot;
    private final String value;
    private final boolean parameter;
    private final String observer;

    QuantizationState state;

    @Nullable
    QuantizationState former;

    TensorConfig parent = this;
    Scheme ownScheme;

    @Nullable
    QuantizationParameters ownParameters;

    TensorConfig(Slot slot, String value, boolean parameter, Scheme scheme, String observer, QuantizationState state) {
        this.slot = slot;
        this.value = value;
        this.parameter = parameter;
        this.observer = observer;
        this.ownScheme = scheme;
        this.state = state;
    }

    @Override
    public Slot slot() {
        return slot;
    }

    @Override
    public String value() {
        return value;
    }

    @Override
    public boolean isInitializer() {
        return parameter;
    }

    @Override
    public QuantizationState state() {
        return state;
    }

    @Override
    public TensorConfig root() {
        TensorConfig c = this;
        while (c.parent != c) {
            c = c.parent;
        }
        return c;
    }

    @Override
    public Scheme scheme() {
        return root().ownScheme;
    }

    @Override
    public Optional<QuantizationParameters> qparams() {
        return Optional.ofNullable(root().ownParameters);
    }

    @Override
    public String observer() {
        return observer;
    }

    @Override
    public String toString() {
        return slot + " [" + state + "]";
    }
}
