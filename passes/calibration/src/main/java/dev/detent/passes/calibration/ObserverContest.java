package dev.detent.passes.calibration;

import dev.detent.spi.pass.PassContext;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator.Trial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Which observers' parameters the configs get, by the error that they leave at the model's outputs: first those of one
 * candidate for all, then, part of the network by part, those of the next best where that is clearly better.
 *
 * @param trial what the network is taken to be besides
 * @param samples that every candidate is tried on; parts on half of them
 * @param parts how many the network has
 */
record ObserverContest(PassContext context, Trial trial, int samples, int parts) {

    /** Parameters for every waiting config from one choice of observers. */
    record Candidate(ObserverChoice choice, Map<TensorQuantization, QuantizationParameters> parameters) {}

    /** @param rated the error, less for a candidate that is not given up lightly */
    private record Tried(Candidate candidate, double error, double rated) {}

    /** A part of the network changes its observer for half a decibel. */
    private static final double CLEARLY = 0.89;

    /**
     * One candidate is only given up for a decibel: what no data can surprise, as the others cut off what the samples
     * did not hold (squeezenet1.1: 0.7 dB worse on the trial, 0.4 dB better on other images), or the rules' choice
     * where there is no such one. In a part it is given up for as much where a rival would cut off: a U-Net for EEG
     * with twelve samples had one part 0.6 dB better on the trial with a percentile, and 4 dB worse on others. The
     * rules' choice (mse as a rule) cuts off where that pays: 1.8 dB for PLCMOS on other samples.
     */
    private static final double FAVOUR = 0.8;

    /** The candidate of every config that waits. */
    Map<TensorQuantization, Candidate> winners(List<Candidate> candidates) {
        Candidate first = candidates.get(0);
        Map<TensorQuantization, Candidate> winners = new LinkedHashMap<>();
        if (candidates.stream().allMatch(c -> c.parameters().equals(first.parameters()))) {
            first.parameters().keySet().forEach(c -> winners.put(c, first));
            return winners;
        }
        List<Tried> tried = candidates.stream()
                .map(c -> tried(c, candidates))
                .sorted(Comparator.comparingDouble(Tried::rated))
                .toList();
        Candidate best = tried.get(0).candidate();
        best.parameters().keySet().forEach(c -> winners.put(c, best));
        Candidate second = tried.get(1).candidate();
        boolean rivalClips = best.choice().coversAll() && !second.choice().coversAll() && !second.equals(first);
        int changed = parts > 0 ? improve(winners, second, rivalClips ? FAVOUR : CLEARLY) : 0;
        List<String> figures = new ArrayList<>();
        for (Candidate c : candidates) {
            double error = tried.stream()
                    .filter(t -> t.candidate().equals(c))
                    .mapToDouble(Tried::error)
                    .findFirst()
                    .orElseThrow();
            figures.add(
                    String.format(Locale.ROOT, "%.3g with %s", error, c.choice().name()));
        }
        context.report(Problem.note(
                CalibrationProblems.OBSERVER_CHOSEN,
                "output error " + String.join(", ", figures)
                        + (changed == 0
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        "; %d of %d tensors have that of %s, the others that of %s",
                                        changed,
                                        winners.size(),
                                        second.choice().name(),
                                        best.choice().name())),
                "calibration"));
        return winners;
    }

    private Tried tried(Candidate c, List<Candidate> all) {
        double error = context.simulator().outputError(trial.with(c.parameters()), samples);
        boolean byRule =
                c.equals(all.get(0)) && all.stream().noneMatch(o -> o.choice().coversAll());
        return new Tried(c, error, byRule || c.choice().coversAll() ? FAVOUR * error : error);
    }

    /** Gives parts of the network to another candidate that leaves so much of the error; how many configs changed. */
    private int improve(Map<TensorQuantization, Candidate> winners, Candidate other, double enough) {
        List<TensorQuantization> differ = winners.entrySet().stream()
                .filter(w -> !Objects.equals(
                        w.getValue().parameters().get(w.getKey()),
                        other.parameters().get(w.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        int some = Math.max(1, samples / 2);
        int changed = 0;
        double least = error(winners, some);
        for (int p = 0; p < parts; p++) {
            List<TensorQuantization> part = differ.subList(differ.size() * p / parts, differ.size() * (p + 1) / parts);
            if (part.isEmpty()) {
                continue;
            }
            Map<TensorQuantization, Candidate> mixed = new LinkedHashMap<>(winners);
            part.forEach(c -> mixed.put(c, other));
            double error = error(mixed, some);
            if (error < enough * least) {
                least = error;
                changed += part.size();
                winners.putAll(mixed);
            }
        }
        return changed;
    }

    private double error(Map<TensorQuantization, Candidate> winners, int some) {
        Map<TensorQuantization, QuantizationParameters> parameters = new LinkedHashMap<>();
        winners.forEach((c, w) ->
                parameters.put(c, Objects.requireNonNull(w.parameters().get(c))));
        return context.simulator().outputError(trial.with(parameters), some);
    }
}
