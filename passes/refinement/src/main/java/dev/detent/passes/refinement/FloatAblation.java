package dev.detent.passes.refinement;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator.Trial;
import dev.detent.support.bias.BiasCorrection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the outputs keep when some configs are float.
 *
 * @param samples the first ones, which each question runs
 * @param correction biases as they will be
 */
record FloatAblation(PassContext context, int samples, Optional<BiasCorrection> correction) {

    /** Sum of squared errors over sum of squares. */
    double error(Set<TensorQuantization> floats) {
        Map<String, Tensor> biases =
                correction.map(c -> c.biases(w -> !floats.contains(w.root()))).orElse(Map.of());
        return context.simulator().outputError(Trial.NONE.without(floats).withInitializers(biases), samples);
    }

    /** Configs whose parameters nobody else quantizes with, in the order of the network. */
    Set<TensorQuantization> roots(boolean initializers) {
        Set<TensorQuantization> led = new LinkedHashSet<>();
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().isFollower()) {
                led.add(c.root());
            }
        }
        Set<TensorQuantization> roots = new LinkedHashSet<>();
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().isCalibrated()
                    && c.isOwnRoot()
                    && c.isInitializer() == initializers
                    && !c.isFixed()
                    && !led.contains(c)) {
                roots.add(c);
            }
        }
        return roots;
    }
}
