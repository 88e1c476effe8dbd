package dev.detent.host.job;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.report.HtmlReport;
import dev.detent.spi.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a person should know of a quantized model, from what was measured of it. */
final class Diagnosis {

    /** Below this a layer's output is more noise than signal for any practical purpose, in dB. */
    private static final double COLLAPSED = 5;

    private Diagnosis() {}

    static List<Problem> of(String target, Pipeline.Result result, Measurements measured) {
        List<Problem> problems = new ArrayList<>();
        collapse(measured.layers()).ifPresent(problems::add);
        if (quantizedNodes(result) == 0) {
            problems.add(Problem.warning(
                    QuantizationProblems.NOTHING_QUANTIZED,
                    "quantizes none of the model's operators; the artefact is the float model",
                    target));
        }
        Evaluation.difference(measured.scores()).ifPresent(problems::add);
        return problems;
    }

    static int quantizedNodes(Pipeline.Result result) {
        return (int) result.graph().nodes().stream()
                .filter(n -> QuantizedNodes.isQuantized(result.configs(), n))
                .count();
    }

    /** The network has collapsed when its last layers are noise; the layer where the SNR fell most is to blame. */
    private static Optional<Problem> collapse(List<LayerErrors.Layer> layers) {
        if (layers.isEmpty() || layers.get(layers.size() - 1).snr() >= COLLAPSED) {
            return Optional.empty();
        }
        int worst = 0;
        double drop = 0;
        for (int i = 0; i < layers.size(); i++) {
            double fall = (i == 0 ? 40 : Math.min(40, layers.get(i - 1).snr()))
                    - layers.get(i).snr();
            if (fall > drop) {
                drop = fall;
                worst = i;
            }
        }
        return Optional.of(Problem.warning(
                QuantizationProblems.COLLAPSE,
                "the quantized network collapses: its last layer has an SNR of "
                        + HtmlReport.decibels(layers.get(layers.size() - 1).snr())
                        + "; it breaks here, where the SNR falls "
                        + (Double.isInfinite(drop) ? "" : "by " + HtmlReport.decibels(drop) + " ") + "to "
                        + HtmlReport.decibels(layers.get(worst).snr())
                        + "; per-channel weights, equalization (--set equalization=on) or another target may help",
                layers.get(worst).node()));
    }
}
