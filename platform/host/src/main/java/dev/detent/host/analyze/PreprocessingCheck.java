package dev.detent.host.analyze;

import dev.detent.host.data.Preprocessing;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Tells whether pictures reach a classifier as it was trained to see them. A network is surest about inputs of the kind
 * it knows: the float model is run on the samples as they are and as other preprocessing would make them, and another
 * that makes it clearly surer is the likelier one. Of classifiers with one float input [N, 3, H, W] only.
 */
public final class PreprocessingCheck {

    private static final int SAMPLES = 8;

    /** Of fewer pictures one that happens to look like something else decides. */
    private static final int PICTURES = 4;

    /** Fewer classes leave too little to be sure about. */
    private static final int CLASSES = 10;

    /** Surer by so much is no accident; measured on ImageNet and CIFAR classifiers, right ones lie below 1.1. */
    private static final double CLEARLY = 1.25;

    /** What may have been meant. */
    private record Suspicion(String sentence, UnaryOperator<float[]> change) {}

    private PreprocessingCheck() {}

    /** What looks wrong with the samples, as the end of a sentence about them; empty when nothing does. */
    public static Optional<String> suspicion(Graph graph, Samples all, int workers) {
        Samples samples = all.first(SAMPLES);
        if (samples.size() == 0 || graph.inputs().size() != 1 || graph.outputs().size() != 1) {
            return Optional.empty();
        }
        String input = graph.inputs().get(0).name();
        Sample.Input first = samples.get(0).inputs().get(input);
        if (first == null
                || first.type() != ElementType.FLOAT
                || first.shape().length != 4
                || first.shape()[1] != 3
                || samples.size() * first.shape()[0] < PICTURES) {
            return Optional.empty();
        }
        try (OrtModel model = OrtModel.of(graph, OrtOptimizationLevel.ALL, "input check")) {
            double asTheyAre = sureness(model, graph.outputs().get(0), input, samples, workers, v -> v);
            if (asTheyAre <= 0) {
                return Optional.empty();
            }
            Optional<String> likeliest = Optional.empty();
            double most = CLEARLY * asTheyAre;
            for (Suspicion s : suspicions(values(first))) {
                double sureness = sureness(model, graph.outputs().get(0), input, samples, workers, s.change());
                if (sureness > most) {
                    most = sureness;
                    likeliest = Optional.of(s.sentence());
                }
            }
            return likeliest;
        }
    }

    private static List<Suspicion> suspicions(float[] seen) {
        float max = 0;
        float min = 0;
        for (float v : seen) {
            max = Math.max(max, v);
            min = Math.min(min, v);
        }
        List<Suspicion> all = new ArrayList<>();
        all.add(new Suspicion(
                "red and blue look swapped: try the preset with order=bgr, or rgb where it says bgr",
                PreprocessingCheck::swapped));
        if (min >= 0 && max > 2) {
            all.add(new Suspicion(
                    "they look like raw pictures, 0 to 255, and the network seems to want 0 to 1: try --preset unit",
                    as(Preprocessing.parse("unit"), 1)));
            all.add(new Suspicion(
                    "they look like raw pictures, 0 to 255, and the network seems to want ImageNet's mean and deviation: try "
                            + "--preset imagenet",
                    as(Preprocessing.parse("imagenet"), 1)));
            all.add(new Suspicion(
                    "they look like raw pictures, 0 to 255, and the network seems to want -1 to 1: try --preset symmetric",
                    as(Preprocessing.parse("symmetric"), 1)));
        } else if (min >= 0) {
            all.add(new Suspicion(
                    "they lie in 0 to 1 and the network seems to want ImageNet's mean and deviation: try --preset imagenet",
                    as(Preprocessing.parse("imagenet"), 255)));
            all.add(new Suspicion(
                    "they lie in 0 to 1 and the network seems to want 0 to 255: try --preset none",
                    as(Preprocessing.parse("none"), 255)));
        }
        return all;
    }

    /** @param pixels what the values are multiplied by to be pixels from 0 to 255 */
    private static UnaryOperator<float[]> as(Preprocessing wanted, float pixels) {
        return values -> {
            int plane = values.length / 3;
            float scale = pixels * wanted.scale();
            float[] changed = new float[values.length];
            for (int c = 0; c < 3; c++) {
                float mean = wanted.mean(c);
                float deviation = wanted.std(c);
                for (int i = c * plane; i < (c + 1) * plane; i++) {
                    changed[i] = (values[i] * scale - mean) / deviation;
                }
            }
            return changed;
        };
    }

    private static float[] swapped(float[] values) {
        int plane = values.length / 3;
        float[] changed = values.clone();
        System.arraycopy(values, 0, changed, 2 * plane, plane);
        System.arraycopy(values, 2 * plane, changed, 0, plane);
        return changed;
    }

    private static float[] values(Sample.Input in) {
        FloatBuffer f = in.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] values = new float[f.remaining()];
        f.get(values);
        return values;
    }

    /** How far the winner is ahead of the second, in standard deviations of all classes; the mean over the samples. */
    private static double sureness(
            OrtModel model,
            ValueInfo output,
            String input,
            Samples samples,
            int workers,
            UnaryOperator<float[]> change) {
        double[] margins = new double[samples.size()];
        Samples changed = new Samples() {
            @Override
            public int size() {
                return samples.size();
            }

            @Override
            public Sample get(int index) {
                Map<String, Sample.Input> inputs =
                        new HashMap<>(samples.get(index).inputs());
                inputs.computeIfPresent(input, (name, in) -> changed(in, change));
                return new Sample(inputs);
            }
        };
        model.forEach(
                changed,
                workers,
                d -> {},
                (i, out) -> margins[i] = margin(out.floats(output.name()), out.shape(output.name())));
        return Arrays.stream(margins).average().orElse(0);
    }

    /** Picture by picture: a sample may hold several. */
    private static Sample.Input changed(Sample.Input in, UnaryOperator<float[]> change) {
        float[] all = values(in);
        int one = (int) (all.length / Math.max(1, in.shape()[0]));
        ByteBuffer data = ByteBuffer.allocateDirect(4 * all.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + one <= all.length && one > 0; at += one) {
            for (float v : change.apply(Arrays.copyOfRange(all, at, at + one))) {
                data.putFloat(v);
            }
        }
        return new Sample.Input(in.type(), in.shape(), data.flip());
    }

    /** The mean over the pictures of a sample. */
    private static double margin(float[] scores, long[] shape) {
        int classes = shape.length == 0 ? 0 : (int) shape[shape.length - 1];
        if (shape.length != 2 || classes < CLASSES) {
            return 0;
        }
        return IntStream.range(0, scores.length / classes)
                .mapToDouble(r -> margin(Arrays.copyOfRange(scores, r * classes, (r + 1) * classes)))
                .average()
                .orElse(0);
    }

    /** Sorts the row. */
    private static double margin(float[] row) {
        int classes = row.length;
        double mean = 0;
        for (float v : row) {
            mean += v / classes;
        }
        double variance = 0;
        for (float v : row) {
            variance += (v - mean) * (v - mean) / classes;
        }
        Arrays.sort(row);
        return variance == 0 ? 0 : (row[classes - 1] - row[classes - 2]) / Math.sqrt(variance);
    }
}
