package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Mean average precision of a detector's boxes, where those of the float model are the truth: for every kind the area
 * under the curve of precision over recall (every point, PASCAL VOC 2010 and later), then the mean over the kinds.
 */
final class BoxPrecision implements Metric {

    /** Boxes this unsure still count for the tail of the curve. */
    private static final double LEAST = 0.05;

    /** A box of the quantized model, or, where {@code truth} is above zero, so many of the float model. */
    private record Mark(double score, boolean hit, int truth) {}

    @Override
    public String id() {
        return "box-map";
    }

    @Override
    public String summary() {
        return "detectors: mean average precision of the boxes against the float model's";
    }

    @Override
    public List<Option<?>> options() {
        return Detections.OPTIONS;
    }

    /** Rows of kind, score, hit (1 or 0), true boxes (0 or more). */
    @Override
    public double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options) {
        Detections d =
                Detections.of(reference, quantized, options, Math.min(LEAST, options.get(Detections.SCORE)), id());
        List<Boolean> hits = Box.hits(d.truth(), d.found(), options.get(Detections.OVERLAP));
        double[] rows = new double[4 * (d.truth().size() + d.found().size())];
        int at = 0;
        for (Box t : d.truth()) {
            rows[at] = t.kind();
            rows[at + 3] = 1;
            at += 4;
        }
        for (int i = 0; i < hits.size(); i++, at += 4) {
            rows[at] = d.found().get(i).kind();
            rows[at + 1] = d.found().get(i).score();
            rows[at + 2] = hits.get(i) ? 1 : 0;
        }
        return rows;
    }

    @Override
    public double value(List<double[]> samples, Options options) {
        Map<Integer, List<Mark>> kinds = new TreeMap<>();
        for (double[] rows : samples) {
            for (int at = 0; at < rows.length; at += 4) {
                kinds.computeIfAbsent((int) rows[at], k -> new ArrayList<>())
                        .add(new Mark(rows[at + 1], rows[at + 2] == 1, (int) rows[at + 3]));
            }
        }
        return kinds.values().stream()
                .filter(marks -> marks.stream().anyMatch(m -> m.truth() > 0))
                .mapToDouble(BoxPrecision::average)
                .average()
                .orElse(kinds.isEmpty() ? 1 : 0);
    }

    private static double average(List<Mark> marks) {
        double truth = marks.stream().mapToInt(Mark::truth).sum();
        List<Mark> found = marks.stream()
                .filter(m -> m.truth() == 0)
                .sorted(Comparator.comparingDouble(m -> -m.score()))
                .toList();
        double[] precision = new double[found.size()];
        int hits = 0;
        for (int i = 0; i < precision.length; i++) {
            hits += found.get(i).hit() ? 1 : 0;
            precision[i] = hits / (i + 1.0);
        }
        double area = 0;
        double best = 0;
        for (int i = precision.length - 1; i >= 0; i--) {
            best = Math.max(best, precision[i]);
            area += found.get(i).hit() ? best / truth : 0;
        }
        return area;
    }
}
