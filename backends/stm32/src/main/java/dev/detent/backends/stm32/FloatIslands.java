package dev.detent.backends.stm32;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.problem.Problem;
import dev.detent.support.export.FloatNodes;
import java.util.List;
import java.util.Set;

/** Float nodes between quantized ones: each costs the NPU a way to the processor and back. */
final class FloatIslands {

    private FloatIslands() {}

    static List<Problem> check(QuantizedModel model, Set<String> types) {
        return FloatNodes.islands(model).stream()
                .map(n -> Problem.warning(
                        Stm32Problems.FLOAT_ISLAND,
                        "stays float between quantized nodes and runs on the Cortex-M55"
                                + (n.isOneOf(types) ? "" : ", for the NPU has no " + n.opType()),
                        n.name()))
                .toList();
    }
}
