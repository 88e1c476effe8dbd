package dev.detent.host.observe;

/** How a file of statistics tells the kinds of parts; a number never changes its meaning. */
final class PartKind {

    static final int EXTREMES = 1;
    static final int SUMS = 2;
    static final int COUNTS = 3;
    static final int DISTRIBUTION = 4;

    private PartKind() {}
}
