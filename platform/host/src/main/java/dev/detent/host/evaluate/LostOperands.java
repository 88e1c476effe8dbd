package dev.detent.host.evaluate;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.problem.SupportProblems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Operands of a Concat that its output's scale rounds away: a detector's scores below 1 beside its boxes in pixels. The
 * ratio over all elements does not show them.
 */
public final class LostOperands {

    /** An operand that reaches no further has lost more than five of its eight bits. */
    private static final int FEW_STEPS = 4;

    /** The scale of a tensor that is zero throughout, which loses nothing. */
    private static final float ZERO = 1e-8f;

    private LostOperands() {}

    /** One warning for each; operands that the pass 'alignment' gave the shared scale are its affair. */
    public static List<Problem> of(Graph graph, Quantization quantization) {
        List<Problem> problems = new ArrayList<>();
        for (Node n : graph.nodes()) {
            Optional<? extends TensorQuantization> output =
                    n.is("Concat") ? quantization.output(n, 0).filter(LostOperands::hasOneScale) : Optional.empty();
            if (output.isPresent()) {
                quantization.inputs(n).stream()
                        .filter(LostOperands::hasOneScale)
                        .flatMap(in -> check(n, in, output.get()).stream())
                        .forEach(problems::add);
            }
        }
        return problems;
    }

    private static boolean hasOneScale(TensorQuantization c) {
        return !c.state().isFloat()
                && c.qparams().filter(p -> p.channels() == 1).isPresent();
    }

    private static Optional<Problem> check(Node n, TensorQuantization operand, TensorQuantization output) {
        QuantizationParameters own = operand.qparams().orElseThrow();
        QuantizationParameters shared = output.qparams().orElseThrow();
        Range range = operand.scheme().system().range(own.scale(0), own.zeroPoint(0), operand.scheme());
        double reach = Math.max(range.high(), -range.low());
        double step = output.scheme().system().step(reach, shared.scale(0), shared.zeroPoint(0), output.scheme());
        if (own.scale(0) == ZERO || reach >= FEW_STEPS * step) {
            return Optional.empty();
        }
        return Optional.of(Problem.warning(
                SupportProblems.LOST_OPERAND,
                String.format(
                        Locale.ROOT,
                        "reaches to %.3g only, but shares one scale with the other operands of Concat '%s', whose step "
                                + "is %.3g: next to nothing of it is left. Make it an output of its own in front of the "
                                + "Concat, or take a target with 16-bit activations, such as --backend qnn-ep16",
                        reach,
                        n.name(),
                        step),
                operand.value()));
    }
}
