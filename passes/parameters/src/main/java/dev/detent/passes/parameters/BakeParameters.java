package dev.detent.passes.parameters;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.number.FakeQuantization;

/**
 * Replaces parameters by their quantized-dequantized values. Followers of another config stay float and quantize at run
 * time, as in PPQ.
 */
final class BakeParameters {

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("baking", "writes quantized values into the parameters")
                    .requires(Fact.PARAMETERS_CALIBRATED)
                    .establishes(Fact.BAKED)
                    .asks(Transition.BAKE)
                    .build(),
            BakeParameters::run);

    private BakeParameters() {}

    private static void run(PassContext context) {
        for (Node n : context.graph().nodes()) {
            for (TensorQuantization c : context.quantization().inputs(n)) {
                if (c.isInitializer() && c.state().isActive() && !c.state().isFollower()) {
                    Tensor t = context.graph().initializer(c.value()).orElseThrow();
                    float[] values = t.floats();
                    FakeQuantization.inPlace(
                            values, t.dims(), c.scheme(), c.qparams().orElseThrow());
                    context.states().bake(c, Tensor.ofFloats(t.dims(), values), "quantized for good");
                }
            }
        }
    }
}
