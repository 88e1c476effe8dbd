package dev.detent.backends.vitis;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.operator.OperatorTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The DPU's shifters: a convolution's result is shifted right by input + weight - output fractional bits, 0 to 16, and
 * its bias left by input + weight - bias, 0 to 16 (AMD Quark, "limiting shift values"; MQBench, vitis quantizer).
 */
final class DpuShiftLint {

    private static final int LIMIT = 16;

    private DpuShiftLint() {}

    static List<Problem> check(QuantizedModel model) {
        List<Problem> problems = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            Optional<Integer> in = point(model.quantization().input(n, 0));
            Optional<Integer> weight = point(model.quantization().input(n, 1));
            if (!n.isOneOf(OperatorTable.biased()) || in.isEmpty() || weight.isEmpty()) {
                continue;
            }
            int product = in.get() + weight.get();
            point(model.quantization().output(n, 0)).ifPresent(out -> limit("result", product - out, n, problems));
            point(model.quantization().input(n, 2)).ifPresent(bias -> limit("bias", product - bias, n, problems));
        }
        return problems;
    }

    private static void limit(String what, int shift, Node n, List<Problem> problems) {
        if (shift < 0 || shift > LIMIT) {
            problems.add(Problem.warning(
                    VitisProblems.SHIFT,
                    "shifts its " + what + " by " + shift + " bits, the DPU by 0 to " + LIMIT,
                    n.name()));
        }
    }

    private static Optional<Integer> point(Optional<? extends TensorQuantization> c) {
        return c.filter(q -> !q.state().isFloat())
                .flatMap(TensorQuantization::qparams)
                .map(p -> -Math.getExponent(p.scale(0)));
    }
}
