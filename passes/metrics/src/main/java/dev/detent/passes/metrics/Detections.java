package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.option.Options;
import java.util.List;

/** Boxes of the float model, taken for true, and of the quantized one. */
record Detections(List<Box> truth, List<Box> found) {

    /** A box that the float model is less sure of is none. 0.3 is YOLOX's own threshold for showing boxes. */
    static final Option<Double> SCORE = Option.number("score", 0.3, "boxes below this score do not count")
            .atLeast(0)
            .atMost(1);

    static final Option<Double> OVERLAP = Option.number(
                    "overlap", 0.5, "boxes that share this much of what they cover (IoU) are the same")
            .atLeast(0)
            .atMost(1);

    /** Threshold of non-maximum suppression in YOLOX's demo. */
    static final Option<Double> DOUBLES = Option.number(
                    "nms", 0.45, "of boxes of a kind that share more than this (IoU) only the surest counts")
            .atLeast(0)
            .atMost(1);

    static final List<Option<?>> OPTIONS = List.of(BoxLayout.OPTION, SCORE, OVERLAP, DOUBLES);

    /**
     * @param least score of boxes of the quantized model
     * @param metric that asks
     */
    static Detections of(
            List<OutputTensor> reference, List<OutputTensor> quantized, Options options, double least, String metric) {
        BoxLayout layout = BoxLayout.of(options.get(BoxLayout.OPTION), reference, metric);
        double doubles = options.get(DOUBLES);
        return new Detections(
                Box.withoutDoubles(layout.read(reference, options.get(SCORE), metric), doubles),
                Box.withoutDoubles(layout.read(quantized, least, metric), doubles));
    }
}
