package dev.detent.host.verify;

import dev.detent.host.problem.VerificationProblems;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Holds the entries of an artefact against the configs of the run that wrote it. */
public final class ParameterComparison {

    /** Formats write the shortest decimal of a float32, some of them its reciprocal or a range. */
    private static final double PRECISION = 1e-6;

    private ParameterComparison() {}

    /** Entries that are missing, unknown or carry other numbers than the model's configs. */
    public static List<Problem> problems(
            Map<String, TensorQuantization> entries, Map<String, QuantizationParameters> found) {
        List<Problem> problems = new ArrayList<>();
        entries.forEach((name, c) -> {
            QuantizationParameters there = found.get(name);
            QuantizationParameters here = c.qparams().orElseThrow();
            if (there == null) {
                problems.add(Problem.error(
                        VerificationProblems.TENSOR_MISSING,
                        "is missing in the artefact (" + c.slot() + ", " + c.scheme() + ")",
                        name));
            } else if (!same(here, there)) {
                problems.add(Problem.error(
                        VerificationProblems.PARAMETERS_DIFFER,
                        "has " + there + " in the artefact, " + here + " in the run",
                        name));
            }
        });
        found.keySet().stream()
                .filter(name -> !entries.containsKey(name))
                .forEach(name -> problems.add(Problem.error(
                        VerificationProblems.UNKNOWN_TENSOR,
                        "stands in the artefact, but the run has no such tensor",
                        name)));
        return problems;
    }

    private static boolean same(QuantizationParameters a, QuantizationParameters b) {
        if (a.channels() != b.channels()) {
            return false;
        }
        for (int i = 0; i < a.channels(); i++) {
            if (Math.abs((double) a.scale(i) - b.scale(i)) > PRECISION * a.scale(i)
                    || a.zeroPoint(i) != b.zeroPoint(i)) {
                return false;
            }
        }
        return true;
    }

    /** Written configs for which the format has no place. */
    static List<TensorQuantization> uncovered(Quantization written, Map<String, TensorQuantization> entries) {
        Set<Slot> roots = new HashSet<>();
        entries.values().forEach(c -> roots.add(c.root().slot()));
        List<TensorQuantization> without = new ArrayList<>();
        for (TensorQuantization c : written.configs()) {
            if (c.isOwnRoot() && c.state().isWritten() && !roots.contains(c.slot())) {
                without.add(c);
            }
        }
        return without;
    }

    /**
     * A covered config's numbers are its root's. What differs from the run only by the rounding of the format (a
     * reciprocal, a range) counts as the run's number: a step of one unit in the last place moves single codes from one
     * side of a tie to the other, which a deep network amplifies without anything being wrong.
     */
    static Map<Slot, QuantizationParameters> replacements(
            Map<String, TensorQuantization> entries, Map<String, QuantizationParameters> found) {
        Map<Slot, QuantizationParameters> replacements = new LinkedHashMap<>();
        entries.forEach((name, c) -> {
            QuantizationParameters here = c.qparams().orElseThrow();
            QuantizationParameters there = found.get(name);
            if (there != null && there.channels() == here.channels() && !same(here, there)) {
                replacements.put(c.root().slot(), there);
            }
        });
        return replacements;
    }
}
