package dev.detent.passes.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairedMomentsTest {

    private static final Range UNBOUNDED = new Range(-Float.MAX_VALUE, Float.MAX_VALUE);
    private static final Scheme SCHEME = LinearInteger.asymmetric(8, 0, 255);
    private static final long[] SHAPE = {1, 4, 6, 5};

    private final Node conv = Node.of(
            "c",
            "Conv",
            List.of("x", "w"),
            List.of("y"),
            Map.of(
                    "group",
                    new Attribute.IntValue(2),
                    "strides",
                    new Attribute.Ints(List.of(2L, 1L)),
                    "dilations",
                    new Attribute.Ints(List.of(1L, 2L)),
                    "pads",
                    new Attribute.Ints(List.of(1L, 0L, 1L, 2L))));
    private final Tensor weight = Tensor.ofFloats(new long[] {6, 2, 3, 2}, new float[72]);

    private static float[] input(long seed) {
        Random random = new Random(seed);
        float[] x = new float[120];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(260) / 2f - 10;
        }
        return x;
    }

    /**
     * A convolution written out as it is defined agrees with the patches, borders, strides, dilations and groups
     * included.
     */
    @Test
    void aPatchIsWhatAConvolutionMultiplies() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        float[] x = input(1);
        assertThat(patches.positions(SHAPE)).isEqualTo(3 * 5);
        float[] patch = new float[12];
        for (int g = 0; g < 2; g++) {
            for (int p = 0; p < 15; p++) {
                patches.copy(x, SHAPE, p, g, patch);
                for (int c = 0; c < 2; c++) {
                    for (int ky = 0; ky < 3; ky++) {
                        for (int kx = 0; kx < 2; kx++) {
                            int y = p / 5 * 2 - 1 + ky;
                            int xx = p % 5 + 2 * kx;
                            float expected = y < 0 || y >= 6 || xx >= 5 ? 0 : x[((g * 2 + c) * 6 + y) * 5 + xx];
                            assertThat(patch[(c * 3 + ky) * 2 + kx]).isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    /** Moments of what is read, and of what it lacks with what is read, against sums over all patches. */
    @Test
    void momentsAreThoseOfThePatches() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        PairedMoments seen = new PairedMoments(patches, 100, 1000, UNBOUNDED);
        PairedMoments other = new PairedMoments(patches, 100, 1000, UNBOUNDED);
        List<float[]> read = new ArrayList<>();
        List<float[]> missing = new ArrayList<>();
        for (int s = 0; s < 40; s++) {
            float[] exact = input(s);
            float[] quantized = exact.clone();
            SCHEME.system().fakeQuantize(quantized, 0, quantized.length, .5f, 10, SCHEME);
            (s % 3 == 0 ? other : seen).accept(exact, quantized, SHAPE);
            for (int p = 0; p < 15; p++) {
                float[] x = new float[12];
                patches.copy(quantized, SHAPE, p, 1, x);
                read.add(x);
                float[] e = new float[12];
                patches.copy(exact, SHAPE, p, 1, e);
                for (int c = 0; c < 12; c++) {
                    e[c] -= x[c];
                }
                missing.add(e);
            }
        }
        seen.merge(other);
        for (int i : new int[] {3, 7}) {
            for (int j : new int[] {7, 2}) {
                double moment = 0;
                double cross = 0;
                for (int k = 0; k < read.size(); k++) {
                    moment += read.get(k)[i] * read.get(k)[j] / read.size();
                    cross += missing.get(k)[i] * read.get(k)[j] / read.size();
                }
                assertThat(seen.moments(1, 0)[i * 12 + j]).isCloseTo(moment, within(1e-3));
                assertThat(seen.crossMoments(1, 0)[i * 12 + j]).isCloseTo(cross, within(1e-3));
            }
        }
        assertThat(seen.mean(1, 0)[3])
                .isCloseTo(read.stream().mapToDouble(x -> x[3]).average().orElseThrow(), within(1e-4));
        assertThat(seen.meanError(1, 0)[3])
                .isCloseTo(missing.stream().mapToDouble(x -> x[3]).average().orElseThrow(), within(1e-4));
    }

    /** One value far beyond the range would otherwise be most of every moment. */
    @Test
    void whatCannotBeReadIsNotMissed() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        float[] exact = input(1);
        float[] within = exact.clone();
        float[] quantized = exact.clone();
        SCHEME.system().fakeQuantize(quantized, 0, quantized.length, .5f, 10, SCHEME);
        exact[65] = 1e6f;
        PairedMoments seen = new PairedMoments(patches, 100, 1000, new Range(-5, 122.5));
        PairedMoments expected = new PairedMoments(patches, 100, 1000, new Range(-5, 122.5));
        quantized[65] = 122.5f;
        within[65] = 122.5f;
        seen.accept(exact, quantized, SHAPE);
        expected.accept(within, quantized, SHAPE);
        assertThat(seen.crossMoments(1, 0)).isEqualTo(expected.crossMoments(1, 0));
        assertThat(seen.meanError(1, 0)).isEqualTo(expected.meanError(1, 0));
        for (double e : seen.meanError(1, 0)) {
            assertThat(Math.abs(e)).isLessThan(1);
        }
    }

    @Test
    void blocksHoldWholeChannels() {
        Im2Col patches = Im2Col.of(conv, weight).orElseThrow();
        assertThat(patches.blocks(8)).containsExactly(0, 6, 12);
        assertThat(patches.blocks(100)).containsExactly(0, 12);
    }
}
