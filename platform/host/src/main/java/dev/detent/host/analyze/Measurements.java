package dev.detent.host.analyze;

import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.evaluate.LayerFingerprint;
import dev.detent.host.evaluate.Probe;
import dev.detent.spi.quant.Slot;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured of one quantized model.
 *
 * @param layers errors of the weighted layers; empty without calibration data
 * @param prints of every layer in the run's own simulation
 * @param scores {@code float}, {@code simulated} and, where ONNX Runtime can run the artefact, {@code exported}, and
 *     {@code exact} where this CPU's integer sums overflow; empty without evaluation data
 * @param analysis which layers cost what; empty without calibration data
 * @param cures what was tried on this model and helped
 * @param ranges whether the calibration samples were enough; empty where the run has not looked at any
 */
public record Measurements(
        List<LayerErrors.Layer> layers,
        Prints prints,
        Map<String, EvaluationMetrics> scores,
        Optional<Analysis> analysis,
        List<Cure> cures,
        Optional<RangeSupport> ranges) {

    /**
     * Layers as {@code detent verify} computes them again.
     *
     * @param probe what the network was fed
     * @param layers empty where it cannot be run on noise
     */
    public record Prints(Probe probe, Map<Slot, LayerFingerprint> layers) {
        public static final Prints NONE = new Prints(Probe.NOISE, Map.of());
    }
}
