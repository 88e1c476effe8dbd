package dev.detent.passes.tuning;

import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.Scheme;

/**
 * A scale by its logarithm, which is learned. Where scales are powers of two the logarithm is that of a threshold that
 * is rounded up to one (TQT, Jain et al. 2020); it starts in the middle between two of them, as near to the one as to
 * the other.
 */
final class LogScale {

    private static final double LN_2 = Math.log(2);

    /** So that what lies on a grid stays there where the grid's next lower value is taken. */
    private static final double ALMOST = 1 + 1e-5;

    /** A float can say scales between e^-80 and e^80: learning that runs away ends there, and is refused. */
    private static final double FARTHEST = 80;

    private LogScale() {}

    static double start(double scale, Scheme scheme) {
        return Math.log(scale) - (scheme.powerOfTwo() ? LN_2 / 2 : 0);
    }

    /** The nearest scale that the scheme may have to one of any size. */
    static float nearest(double scale, Scheme scheme) {
        return scale(start(scale, scheme), scheme);
    }

    /** The nearest scale that the scheme may have. */
    static float scale(double logarithm, Scheme scheme) {
        double bounded = Math.max(-FARTHEST, Math.min(FARTHEST, logarithm));
        if (scheme.powerOfTwo()) {
            return (float) Math.pow(2, Math.ceil(bounded / LN_2));
        }
        double scale = Math.exp(bounded);
        if (scheme.system().isAffineInteger()) {
            return (float) scale;
        }
        // Some systems have scales of a grid of their own (NNIE: 1/16 octave), which is asked for by a range.
        Range covered = scheme.system().range((float) (scale * ALMOST), 0, scheme);
        return (float) scheme.system().cover(covered, scheme).scale();
    }
}
