package dev.detent.passes.tuning;

import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import java.util.ArrayList;
import java.util.List;

/**
 * Scales and zero points around those there are, for searches: any number system; exponents where scales are powers of
 * two.
 */
final class ScaleCandidates {

    /**
     * Parts of the range there is; below three tenths a grid of four bits clips more than it gains in every network
     * seen.
     */
    private static final double[] PARTS = {
        1.1, 1.05, .97, .94, .91, .88, .85, .82, .79, .76, .73, .7, .67, .64, .61, .58, .55, .52, .49, .46, .43, .4,
        .35, .3
    };

    private static final double[] POWERS = {2, .5, .25};

    /** Of a range that has two ends, each end goes its own way, in coarser steps. */
    private static final double[] ENDS = {1, .95, .9, .85, .8, .75, .7, .6, .5, .4};

    private ScaleCandidates() {}

    /** Without those there are. */
    static List<ScaleAndZeroPoint> of(Scheme scheme, float scale, float zeroPoint) {
        List<ScaleAndZeroPoint> all = new ArrayList<>();
        if (!scheme.symmetric()) {
            Range range = scheme.system().range(scale, zeroPoint, scheme);
            boolean oneSided = range.low() >= 0 || range.high() <= 0;
            for (double low : ENDS) {
                for (double high : oneSided ? new double[] {low} : ENDS) {
                    all.add(scheme.system().cover(new Range(range.low() * low, range.high() * high), scheme));
                }
            }
        } else {
            for (double part : scheme.powerOfTwo() ? POWERS : PARTS) {
                all.add(new ScaleAndZeroPoint(LogScale.nearest(scale * part, scheme), zeroPoint));
            }
        }
        return all.stream()
                .filter(c -> c.scale() > 0 && !Double.isInfinite((float) c.scale()))
                .distinct()
                .toList();
    }
}
