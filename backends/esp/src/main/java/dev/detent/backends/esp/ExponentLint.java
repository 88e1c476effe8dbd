package dev.detent.backends.esp;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What ESP-DL's exporter refuses: a product is only ever shifted right, so the output's exponent may not be below the
 * sum of the factors' (esp-ppq, espdl_exporter.py).
 */
final class ExponentLint {

    private ExponentLint() {}

    static List<Problem> check(QuantizedModel model) {
        List<Problem> problems = new ArrayList<>();
        for (Node n : model.graph().nodes()) {
            if (!n.is("Conv", "ConvTranspose", "Gemm", "MatMul", "Mul")) {
                continue;
            }
            Optional<int[]> data = exponents(model.quantization().input(n, 0));
            Optional<int[]> factor = exponents(model.quantization().input(n, 1));
            Optional<int[]> out = exponents(model.quantization().output(n, 0));
            if (data.isPresent() && factor.isPresent() && out.isPresent()) {
                int least = Integer.MAX_VALUE;
                for (int f : factor.get()) {
                    least = Math.min(least, out.get()[0] - data.get()[0] - f);
                }
                if (least < 0) {
                    problems.add(Problem.warning(
                            EspProblems.SHIFT,
                            "would have to shift its products left by " + -least
                                    + " bits, which ESP-DL refuses; give it 16 bits or keep it float",
                            n.name()));
                }
            }
        }
        return problems;
    }

    private static Optional<int[]> exponents(Optional<? extends TensorQuantization> c) {
        return c.filter(q -> !q.state().isFloat())
                .flatMap(TensorQuantization::qparams)
                .map(p -> {
                    int[] all = new int[p.channels()];
                    for (int i = 0; i < all.length; i++) {
                        all[i] = Math.getExponent(p.scale(i));
                    }
                    return all;
                });
    }
}
