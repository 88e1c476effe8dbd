package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import java.util.Optional;

/** Read view of one config. Scheme and parameters are <em>effective</em>: read through the root, as PPQ does. */
@Stable(since = "1.0")
@ImplementedByHost
public interface TensorQuantization {

    /** Where the config is. */
    Slot slot();

    /** Name of the value at the slot. */
    String value();

    /** The value is an initializer. */
    boolean isInitializer();

    /** The state it is in. */
    QuantizationState state();

    /** The config whose parameters count here; itself when it is its own root. */
    TensorQuantization root();

    /** It has parameters of its own. */
    default boolean isOwnRoot() {
        return root() == this;
    }

    /** How the value is quantized; of the root, when another config counts. */
    Scheme scheme();

    /** Scales and zero points; empty before calibration. Of the root, when another config counts. */
    Optional<QuantizationParameters> qparams();

    /**
     * The target prescribes the encoding that counts here (QNN's 1/255 for probabilities): calibration gives it no
     * other numbers, and what must share a scale with it takes its.
     */
    boolean isFixed();

    /** Id of the observer that calibrates this config. */
    String observer();

    /** A person chose {@link #observer} by a rule: a pass that tries another one on every config leaves this alone. */
    default boolean isObserverChosen() {
        return false;
    }
}
