package dev.detent.host;

import dev.detent.host.data.DataFiles;
import dev.detent.host.data.Preprocessing;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.Optimization;
import dev.detent.runtime.PlainModel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Samples per second of two models in ONNX Runtime, by turns over the same samples held in memory; the best of several
 * rounds each, since disturbance only ever makes a round slower.
 */
public record Speed(double before, double after) {

    private static final int ROUNDS = 7;
    private static final int SAMPLES = 64;

    public static Speed measure(Path before, Path after, String data, Preprocessing preprocessing, int workers) {
        Samples all = DataFiles.open(OnnxReader.read(before), data, preprocessing, SAMPLES);
        List<Sample> loaded = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            loaded.add(all.get(i));
        }
        Samples samples = new Samples() {
            @Override
            public int size() {
                return loaded.size();
            }

            @Override
            public Sample get(int index) {
                return loaded.get(index);
            }
        };
        double best = Double.POSITIVE_INFINITY;
        double bestAfter = Double.POSITIVE_INFINITY;
        try (PlainModel a = PlainModel.of(before, Optimization.ALL);
                PlainModel b = PlainModel.of(after, Optimization.ALL)) {
            for (int r = 0; r < ROUNDS; r++) {
                best = Math.min(best, seconds(a, samples, workers));
                bestAfter = Math.min(bestAfter, seconds(b, samples, workers));
            }
        }
        return new Speed(samples.size() / best, samples.size() / bestAfter);
    }

    private static double seconds(PlainModel model, Samples samples, int workers) {
        long start = System.nanoTime();
        model.forEach(samples, workers, d -> {}, (i, o) -> {});
        return (System.nanoTime() - start) / 1e9;
    }
}
