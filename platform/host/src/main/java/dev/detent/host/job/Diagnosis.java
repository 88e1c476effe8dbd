package dev.detent.host.job;

import dev.detent.host.analyze.Measurements;
import dev.detent.host.evaluate.Evaluation;
import dev.detent.host.evaluate.LayerErrors;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.report.TablePage;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

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
        silent(result).ifPresent(problems::add);
        problems.addAll(Evaluation.differences(measured.scores()));
        return problems;
    }

    /** Tensors whose range was taken from zeros alone have the scale that stands for none. */
    private static Optional<Problem> silent(Pipeline.Result result) {
        List<String> silent = result.configs().configs().stream()
                .filter(c -> !c.isInitializer() && !c.isFixed() && c.state().isActive())
                .filter(c -> c.scheme().system() instanceof LinearInteger)
                .filter(c -> c.qparams().filter(Diagnosis::ofZeros).isPresent())
                .map(TensorQuantization::value)
                .distinct()
                .toList();
        return silent.isEmpty()
                ? Optional.empty()
                : Optional.of(Problem.warning(
                        QuantizationProblems.SILENT,
                        "is 0 in every calibration sample"
                                + (silent.size() == 1 ? "" : ", and so are " + (silent.size() - 1) + " more")
                                + "; where it is not, it is cut off at once: calibrate with data in which it is not,"
                                + " or keep what reads it in float (--keep-float)",
                        silent.get(0)));
    }

    private static boolean ofZeros(QuantizationParameters p) {
        return IntStream.range(0, p.channels()).allMatch(c -> p.scale(c) == (float) LinearInteger.ZERO_SCALE);
    }

    /** Those in branches included. */
    static int quantizedNodes(Pipeline.Result result) {
        return result.whole().mapToInt(QuantizedNodes::count).sum();
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
                        + TablePage.decibels(layers.get(layers.size() - 1).snr())
                        + "; it breaks here, where the SNR falls "
                        + (Double.isInfinite(drop) ? "" : "by " + TablePage.decibels(drop) + " ") + "to "
                        + TablePage.decibels(layers.get(worst).snr())
                        + "; per-channel weights, equalization (--set equalization=on) or another target may help",
                layers.get(worst).node()));
    }
}
