package dev.detent.passes.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A detected object.
 *
 * @param left in pixels of the model's input, as the other edges
 * @param score how sure the model is, 0..1
 */
record Box(float left, float top, float right, float bottom, int kind, float score) {

    /** What two boxes share over what they cover together, 0..1 (Jaccard index). */
    double overlap(Box other) {
        double width = Math.min(right, other.right) - Math.max(left, other.left);
        double height = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        if (!(width > 0 && height > 0)) {
            return 0;
        }
        double shared = width * height;
        return shared / (area() + other.area() - shared);
    }

    private double area() {
        return Math.max(0, right - left) * (double) Math.max(0, bottom - top);
    }

    /**
     * Of boxes of the same kind that overlap by more than {@code limit} only the surest is left; the surest come first.
     * Equally sure ones stay in their order.
     */
    static List<Box> withoutDoubles(List<Box> boxes, double limit) {
        List<Box> kept = new ArrayList<>();
        boxes.stream().sorted(Comparator.comparingDouble((Box b) -> -b.score())).forEach(b -> {
            if (kept.stream().noneMatch(k -> k.kind() == b.kind() && k.overlap(b) > limit)) {
                kept.add(b);
            }
        });
        return kept;
    }

    /**
     * For every box of {@code found}, the surest first, whether it meets a box of {@code truth} of its kind that no
     * surer one has met, with an overlap of at least {@code least} (the rule of PASCAL VOC, Everingham et al. 2010,
     * section 4.4).
     */
    static List<Boolean> hits(List<Box> truth, List<Box> found, double least) {
        List<Box> free = new ArrayList<>(truth);
        List<Boolean> hits = new ArrayList<>();
        for (Box b : found) {
            Box best = null;
            for (Box t : free) {
                if (t.kind() == b.kind() && t.overlap(b) >= least && (best == null || t.overlap(b) > best.overlap(b))) {
                    best = t;
                }
            }
            hits.add(best != null);
            if (best != null) {
                free.remove(best);
            }
        }
        return hits;
    }
}
