package dev.detent.host.evaluate;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Samples per second of two models in ONNX Runtime, by turns over the same samples held in memory; the best of several
 * rounds each, since disturbance only ever makes a round slower.
 */
public record ThroughputBenchmark(double before, double after) {

    private static final int ROUNDS = 7;
    private static final int SAMPLES = 64;

    public static ThroughputBenchmark measure(
            Path before, Path after, String data, Preprocessing preprocessing, int workers) {
        Samples all = SampleLoader.open(OnnxReader.read(before), data, preprocessing, SAMPLES);
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
        try (OrtModel a = OrtModel.of(before, OrtOptimizationLevel.ALL);
                OrtModel b = OrtModel.of(after, OrtOptimizationLevel.ALL)) {
            for (int r = 0; r < ROUNDS; r++) {
                best = Math.min(best, seconds(a, samples, workers));
                bestAfter = Math.min(bestAfter, seconds(b, samples, workers));
            }
        }
        return new ThroughputBenchmark(samples.size() / best, samples.size() / bestAfter);
    }

    private static double seconds(OrtModel model, Samples samples, int workers) {
        long start = System.nanoTime();
        model.forEach(samples, workers, d -> {}, (i, o) -> {});
        return (System.nanoTime() - start) / 1e9;
    }
}
