package dev.detent.runtime;

import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;
import java.nio.FloatBuffer;

/**
 * Gradients through a simulated quantize-dequantize pair y = Q(x; s, z), as {@link dev.detent.spi.run.Block#gradient}
 * promises them. For the linear system they are those of LSQ+ (Bhalgat et al. 2020). Used by one thread.
 */
final class StraightThrough {

    private static final int CHUNK = 1024;

    private final float[] x = new float[CHUNK];
    private final float[] y = new float[CHUNK];
    private final float[] g = new float[CHUNK];
    private double scale;
    private double zeroPoint;

    /** Sums of the gradients to scales and zero points, one pair per channel. */
    record Sums(double[] scales, double[] zeroPoints) {
        static Sums of(QuantizationParameters p) {
            return new Sums(new double[p.channels()], new double[p.channels()]);
        }
    }

    /**
     * @param in x, what was quantized
     * @param out y
     * @param gradient to y; replaced by the gradient to x
     * @param sums to add the gradients to scale and zero point to
     * @param kept which elements were not quantized
     */
    void apply(
            FakeQuantizer quantizer,
            FloatBuffer in,
            FloatBuffer out,
            FloatBuffer gradient,
            long[] shape,
            Sums sums,
            DropMask kept) {
        Scheme scheme = quantizer.scheme();
        QuantizationParameters p = quantizer.parameters();
        if (scheme.system().isDynamic()) {
            return;
        }
        int n = in.limit();
        boolean one = !scheme.isPerChannel() || p.channels() == 1;
        int stride = one ? n : scheme.granularity().channelStride(shape);
        for (int at = 0, run = 0; at < n; at += stride, run++) {
            int channel = one ? 0 : run % p.channels();
            scale = 0;
            zeroPoint = 0;
            for (int done = 0; done < stride; done += CHUNK) {
                int length = Math.min(CHUNK, stride - done);
                in.get(at + done, x, 0, length);
                out.get(at + done, y, 0, length);
                gradient.get(at + done, g, 0, length);
                chunk(scheme, p, channel, at + done, length, kept);
                gradient.put(at + done, g, 0, length);
            }
            sums.scales()[channel] += scale;
            sums.zeroPoints()[channel] += zeroPoint;
        }
    }

    private void chunk(Scheme scheme, QuantizationParameters p, int channel, int from, int length, DropMask kept) {
        NumberSystem system = scheme.system();
        float s = p.scale(channel);
        Range range = system.range(s, p.zeroPoint(channel), scheme);
        float low = (float) range.low();
        float high = (float) range.high();
        boolean drops = kept.isActive();
        double inner = 0;
        double offset = 0;
        for (int i = 0; i < length; i++) {
            if (drops && kept.at(from + i)) {
                continue;
            }
            float v = x[i];
            if (v >= low && v <= high) {
                inner += (double) g[i] * (y[i] - v);
            } else {
                inner += (double) g[i] * y[i];
                offset -= g[i];
                g[i] = 0;
            }
        }
        scale += inner / s;
        zeroPoint += offset * s;
    }
}
