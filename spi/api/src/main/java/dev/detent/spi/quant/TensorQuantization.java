package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByHost;
import java.util.Optional;

/** Read view of one config. Scheme and parameters are <em>effective</em>: read through the root, as PPQ does. */
@ImplementedByHost
public interface TensorQuantization {

    Slot slot();

    /** Name of the value at the slot. */
    String value();

    /** The value is an initializer. */
    boolean isInitializer();

    QuantizationState state();

    /** The config whose parameters count here; itself when it is its own root. */
    TensorQuantization root();

    default boolean isOwnRoot() {
        return root() == this;
    }

    Scheme scheme();

    Optional<QuantizationParameters> qparams();

    /**
     * The target prescribes the encoding that counts here (QNN's 1/255 for probabilities): calibration gives it no
     * other numbers, and what must share a scale with it takes its.
     */
    boolean isFixed();

    /** Id of the observer that calibrates this config. */
    String observer();
}
