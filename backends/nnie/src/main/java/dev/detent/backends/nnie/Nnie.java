package dev.detent.backends.nnie;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.NumberSystemProvider;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pf4j.Extension;

/**
 * HiSilicon's NNIE (Hi3516, Hi3519, Hi3559: logarithmic codes, nnie_mapper) and its successor SVP_NPU (linear int8,
 * ATC). NNIE quantizes the inputs of layers, one exponent for every input and one for the weight; the bias stays float,
 * and an output is quantized only as the next layer's input.
 */
@Extension
public final class Nnie implements Backend, NumberSystemProvider {

    private static final Set<String> LAYERS = OperatorTable.plus(
            OperatorTable.biased(), "AveragePool GlobalAveragePool MaxPool PRelu Resize Add Mul Max Concat");

    @Override
    public List<Target> targets() {
        return List.of(
                logarithmic(
                        "nnie",
                        "HiSilicon NNIE: 8-bit logarithmic codes, maximum snapped down to 1/16 octave",
                        LogGrid.FLOOR_8),
                logarithmic(
                        "nnie-mqbench",
                        "HiSilicon NNIE as MQBench simulates it: maximum snapped to the nearest 1/16 octave",
                        LogGrid.ROUND_8),
                logarithmic("nnie16", "HiSilicon NNIE: 16-bit logarithmic codes, 1/128 octave", LogGrid.FLOOR_16),
                DeclaredTarget.of(
                                "svp-npu",
                                "HiSilicon SVP_NPU: int8 asymmetric inputs, int8 weights, ATC's parameter file")
                        .quantizes(LAYERS)
                        .onlyIf(Nnie::hasConstantWeight)
                        .activations(LinearInteger.asymmetric(8, -128, 127), "mse")
                        .channelWeights(
                                LinearInteger.symmetric(8, -127, 127).with(ScaleRule.MAGNITUDE),
                                "minmax",
                                OperatorTable.biased())
                        .floatOutputs()
                        .recipe(host -> host.inputsOnly().without("passive-parameters"))
                        .writes(new CalibrationParamExporter(), new QdqExporter("the same numbers as Q/DQ nodes"))
                        .build());
    }

    /** The range is the maximum: clipping gains nothing on a grid of constant relative precision. */
    private static Target logarithmic(String id, String summary, LogGrid grid) {
        return DeclaredTarget.of(id, summary)
                .quantizes(LAYERS)
                .onlyIf((n, g) -> hasConstantWeight(n, g) && n.intAttribute("group", 1) == 1)
                .activations(grid.scheme(), "minmax")
                .weights(grid.scheme(), "minmax", OperatorTable.biased())
                .alsoActivations(LogGrid.FLOOR_16.scheme(), LAYERS)
                .alsoWeights(LogGrid.FLOOR_16.scheme(), OperatorTable.biased())
                .floatOutputs()
                .recipe(host -> host.inputsOnly().without("passive-parameters").with("calibration", Map.of()))
                .writes(new GfpqExporter(grid.scheme().bits()))
                .lint(NnieLint::check)
                .build();
    }

    private static boolean hasConstantWeight(Node node, Graph graph) {
        return !node.isOneOf(OperatorTable.biased()) || graph.isInitializer(node.input(1));
    }

    @Override
    public List<NumberSystem> numberSystems() {
        return List.of(LogGrid.values());
    }
}
