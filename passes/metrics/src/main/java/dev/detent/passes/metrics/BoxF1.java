package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import java.util.List;

/**
 * Harmonic mean of precision and recall of a detector's boxes, where those of the float model are the truth. Counts
 * hits over all samples: 2 hits / (boxes of one + boxes of the other).
 */
final class BoxF1 implements Metric {

    @Override
    public String id() {
        return "box-f1";
    }

    @Override
    public String summary() {
        return "detectors: F1 of the boxes against the float model's (same kind, IoU of 0.5)";
    }

    @Override
    public List<Option<?>> options() {
        return Detections.OPTIONS;
    }

    @Override
    public double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options) {
        Detections d = Detections.of(reference, quantized, options, options.get(Detections.SCORE), id());
        long hits = Box.hits(d.truth(), d.found(), options.get(Detections.OVERLAP)).stream()
                .filter(hit -> hit)
                .count();
        return new double[] {hits, d.truth().size() + d.found().size()};
    }

    @Override
    public double value(List<double[]> samples, Options options) {
        double hits = samples.stream().mapToDouble(s -> s[0]).sum();
        double boxes = samples.stream().mapToDouble(s -> s[1]).sum();
        // Where neither model sees anything they agree.
        return boxes == 0 ? 1 : 2 * hits / boxes;
    }
}
