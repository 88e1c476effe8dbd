package dev.detent.passes.refinement;

import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import dev.detent.support.kernel.IntegerIslands;
import dev.detent.support.kernel.KernelTable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Quantizes only where the target's integer kernels gain by it. What stands alone between float operators, or in front
 * of one that has no integer kernel, costs accuracy and the time of two conversions, and saves nothing.
 */
final class KeepIslands {

    /** What the target computes in integers: {@link KernelTable}. */
    static final Option<String> KERNELS = Option.text(
            "kernels",
            "",
            "the operators that the target computes in integers, as all=Conv,Add;inputs=Gemm;moves=Reshape;behind=Relu");

    static final Option<String> PREFER = Option.choice(
            "prefer",
            "speed",
            List.of("speed", "size", "accuracy"),
            "weights of operators that are computed in float: codes where decoding them costs little, always, or never");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("islands", "leaves float what no integer kernel of the target gains by")
                    .requires(Fact.RULES_APPLIED)
                    .forbids(Fact.PARAMETERS_CALIBRATED)
                    .after("refine", "what is no data has left calibration")
                    .before("fusion", "what stays float is in no group yet")
                    .before("simplify", "what stays float is in no group yet")
                    .asks(Transition.KEEP_FLOAT, Transition.DEACTIVATE)
                    .options(KERNELS, PREFER)
                    .build(),
            KeepIslands::run);

    private KeepIslands() {}

    private static void run(PassContext context) {
        idle(context, Set.of()).forEach((config, why) -> {
            if (config.state().awaitsCalibration()) {
                context.states().keepFloat(config, why);
            } else {
                context.states().deactivate(config, why);
            }
        });
    }

    /** Roots that serve no integer kernel when some are float besides those that are, with the reason. */
    static Map<TensorQuantization, String> idle(PassContext context, Set<TensorQuantization> floats) {
        return table(context)
                .map(t -> IntegerIslands.idle(context.graph(), context.quantization(), t, prefer(context), floats))
                .orElse(Map.of());
    }

    /** The target's kernels; empty where nothing is known of them. */
    static Optional<KernelTable> table(PassContext context) {
        String kernels = context.options().get(KERNELS);
        try {
            return kernels.isBlank() ? Optional.empty() : Optional.of(KernelTable.parse(kernels));
        } catch (IllegalArgumentException e) {
            throw new UserException(RefinementProblems.NO_KERNEL_TABLE, String.valueOf(e.getMessage()), "kernels");
        }
    }

    static IntegerIslands.Prefer prefer(PassContext context) {
        return IntegerIslands.Prefer.valueOf(context.options().get(PREFER).toUpperCase(Locale.ROOT));
    }
}
