package dev.detent.host.evaluate;

import dev.detent.runtime.KernelProfile;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How long a sample takes in the float model and in the quantized file, with ONNX Runtime, on one thread of this
 * machine. It differs from run to run, so it is told and never written beside the results.
 *
 * @param floatMillis best of the float model's runs
 * @param quantizedMillis best of the file's runs
 * @param slower what takes longer in a file that is slower, in words; empty for one that is not
 */
public record Speed(double floatMillis, double quantizedMillis, String slower) {

    /** Runs by turns until so much time has gone, but for the fewest. */
    private static final long NANOS = 1_000_000_000L;

    private static final int FEWEST = 3;

    /** So slow a model is run once. */
    private static final long TOO_LONG_NANOS = 4_000_000_000L;

    /** Within it the two are equally fast. */
    private static final double NOISE = 0.03;

    /** Neither many samples nor large ones are kept in memory. */
    private static final int SAMPLES = 2;

    /** What an operator takes is the median of so many runs, or as many as fit the time. */
    private static final int PROFILED = 10;

    /**
     * Runs the two by turns: what else the machine does disturbs both alike.
     *
     * @param samples at least one
     * @return empty where one of the two does not run on the samples, or the thread was interrupted before both had
     */
    public static Optional<Speed> measure(Path floats, Path quantized, Samples samples) {
        try {
            Samples some = kept(samples);
            double[] best;
            try (OrtModel a = OrtModel.of(floats, OrtOptimizationLevel.ALL);
                    OrtModel b = OrtModel.of(quantized, OrtOptimizationLevel.ALL)) {
                best = best(a, b, some);
            }
            if (Double.isInfinite(best[0] + best[1])) {
                return Optional.empty();
            }
            boolean isSlower = best[1] > (1 + NOISE) * best[0] && !isInterrupted();
            int runs = (int) Math.max(1, Math.min(PROFILED, NANOS / best[1]));
            return Optional.of(new Speed(
                    best[0] / 1e6, best[1] / 1e6, isSlower ? whatTakesLonger(floats, quantized, some, runs) : ""));
        } catch (UserException e) {
            return Optional.empty();
        }
    }

    /** The times are there and stay good, whatever becomes of the profiles; these are written to the disk. */
    private static String whatTakesLonger(Path floats, Path quantized, Samples samples, int runs) {
        try {
            KernelProfile a = OrtModel.profile(floats, OrtOptimizationLevel.ALL, samples, runs);
            KernelProfile b = OrtModel.profile(quantized, OrtOptimizationLevel.ALL, samples, runs);
            return whatTakesLonger(a, b);
        } catch (UserException e) {
            return "operators that could not be told apart (" + e.getMessage() + ")";
        }
    }

    static String whatTakesLonger(KernelProfile floats, KernelProfile quantized) {
        return floats.isWhole() && quantized.isWhole()
                ? KernelKinds.of(floats).whatTakesLonger(KernelKinds.of(quantized))
                : "operators that could not be told apart (ONNX Runtime's profile is cut short; is the temporary folder"
                        + " full?)";
    }

    private static boolean isInterrupted() {
        return Thread.currentThread().isInterrupted();
    }

    private static double[] best(OrtModel a, OrtModel b, Samples samples) {
        nanos(a, samples);
        nanos(b, samples);
        double[] best = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        long start = System.nanoTime();
        long gone = 0;
        for (int i = 0; !isInterrupted() && (gone < NANOS || i < FEWEST && gone < TOO_LONG_NANOS); i++) {
            best[0] = Math.min(best[0], nanos(a, samples));
            best[1] = Math.min(best[1], nanos(b, samples));
            gone = System.nanoTime() - start;
        }
        return best;
    }

    private static double nanos(OrtModel model, Samples samples) {
        long start = System.nanoTime();
        model.forEach(samples, 1, d -> {}, (i, o) -> {});
        return (System.nanoTime() - start) / (double) samples.size();
    }

    private static Samples kept(Samples samples) {
        List<Sample> some = new ArrayList<>();
        for (int i = 0; i < Math.min(SAMPLES, samples.size()); i++) {
            some.add(samples.get(i));
        }
        return new Samples() {
            @Override
            public int size() {
                return some.size();
            }

            @Override
            public Sample get(int index) {
                return some.get(index);
            }
        };
    }

    /** How many times as fast the file is as the float model. */
    public double ratio() {
        return floatMillis / quantizedMillis;
    }

    /** In words. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "float %s, quantized %s: %s",
                time(floatMillis),
                time(quantizedMillis),
                Math.abs(ratio() - 1) <= NOISE
                        ? "equally fast"
                        : ratio() > 1
                                ? String.format(Locale.ROOT, "%.1f times as fast", ratio())
                                : String.format(Locale.ROOT, "slower, it takes %.1f times as long", 1 / ratio()));
    }

    private static String time(double millis) {
        return millis < 1
                ? String.format(Locale.ROOT, "%.0f \u00b5s", millis * 1000)
                : String.format(Locale.ROOT, millis < 100 ? "%.1f ms" : "%.0f ms", millis);
    }
}
