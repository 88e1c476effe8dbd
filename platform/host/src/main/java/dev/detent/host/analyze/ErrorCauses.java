package dev.detent.host.analyze;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says in words what kind of error quantizing a tensor makes. */
public final class ErrorCauses {

    /** In dB: a tensor that keeps more needs no word. */
    private static final double FINE = 30;

    /** Nearly all values, for telling a tail from the bulk. */
    private static final double BULK = 0.999;

    private ErrorCauses() {}

    /** Most telling first; empty for a tensor that is quantized well. */
    public static List<String> of(TensorFacts t) {
        List<String> words = new ArrayList<>();
        boolean weak = t.noise().snr() < FINE;
        boolean perTensor = !t.encoding().scheme().isPerChannel();
        if (t.noise().clipped() > 0 && t.noise().clipping() > 0.5 && t.noise().snr() < FINE + 10) {
            words.add("clipping");
        }
        if (weak && perTensor && t.channels().filter(c -> c.imbalance() > 8).isPresent()) {
            words.add(String.format(
                    Locale.ROOT,
                    "channel imbalance %.0f:1",
                    t.channels().orElseThrow().imbalance()));
        }
        if (weak && bulkShare(t.histogram()) < 0.25) {
            words.add("outliers");
        }
        double encoded = t.encoding().high() - t.encoding().low();
        double seen = Math.max(t.seen().max(), 0) - Math.min(t.seen().min(), 0);
        if (weak && encoded > 0 && seen < encoded / 2) {
            words.add("range twice as wide as the data");
        }
        if (t.seen().growth() > 1.3) {
            words.add("range still grows");
        }
        t.channels().filter(c -> c.dead() > 0).ifPresent(c -> words.add(c.dead() + " dead channels"));
        if (weak && words.isEmpty()) {
            words.add("rounding");
        }
        return words;
    }

    /** Part of the histogram's width that holds nearly all values. */
    private static double bulkShare(TensorFacts.Histogram h) {
        long all = 0;
        for (long c : h.counts()) {
            all += c;
        }
        long left = (long) ((1 - BULK) * all);
        int low = 0;
        int high = h.counts().length - 1;
        // The thinner end goes first.
        while (low < high) {
            boolean fromBelow = h.counts()[low] <= h.counts()[high];
            long next = fromBelow ? h.counts()[low] : h.counts()[high];
            if (next > left) {
                break;
            }
            left -= next;
            if (fromBelow) {
                low++;
            } else {
                high--;
            }
        }
        return (high - low + 1) / (double) h.counts().length;
    }
}
