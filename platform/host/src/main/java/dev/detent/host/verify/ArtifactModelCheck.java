package dev.detent.host.verify;

import dev.detent.host.problem.VerificationProblems;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.FakeQuantization;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is wrong in an artefact's model by itself, before anything is computed. */
final class ArtifactModelCheck {

    /** Biases of 32 bits do not fit a float exactly. */
    private static final double ON_GRID = 1e-6;

    private ArtifactModelCheck() {}

    /** Values that are read and that nothing gives: the file was damaged, and no layer can be computed. */
    static List<Problem> unfed(Graph graph) {
        Set<String> given = new HashSet<>(graph.initializers().keySet());
        graph.inputs().forEach(v -> given.add(v.name()));
        graph.nodes().forEach(n -> given.addAll(n.outputs()));
        Map<String, String> read = new LinkedHashMap<>();
        graph.nodes().forEach(n -> n.inputs().forEach(v -> read.put(v, "is read by node '" + n.name() + "'")));
        graph.outputs().forEach(v -> read.put(v.name(), "is an output"));
        List<Problem> problems = new ArrayList<>();
        read.forEach((value, reader) -> {
            if (!value.isEmpty() && !given.contains(value)) {
                problems.add(Problem.error(
                        VerificationProblems.VALUE_NOT_MADE,
                        reader + " of the artefact's model, but nothing there gives it",
                        value));
            }
        });
        return problems;
    }

    /** A baked weight that quantization would change has been changed since. */
    static List<Problem> offGrid(Graph graph, Quantization written) {
        List<Problem> problems = new ArrayList<>();
        for (TensorQuantization c : written.configs()) {
            Tensor t = c.slot().isInput() ? graph.initializer(c.value()).orElse(null) : null;
            if (t == null || !c.state().isBaked() || c.qparams().isEmpty() || t.type() != ElementType.FLOAT) {
                continue;
            }
            float[] values = t.floats();
            float[] again = values.clone();
            FakeQuantization.inPlace(again, t.dims(), c.scheme(), c.qparams().get());
            int off = 0;
            for (int i = 0; i < values.length; i++) {
                off += Math.abs(values[i] - again[i]) > ON_GRID * Math.abs(values[i]) ? 1 : 0;
            }
            if (off > 0) {
                problems.add(Problem.error(
                        VerificationProblems.OFF_GRID,
                        "has " + off + " of " + values.length + " values off the grid of its scale",
                        c.value()));
            }
        }
        return problems;
    }
}
