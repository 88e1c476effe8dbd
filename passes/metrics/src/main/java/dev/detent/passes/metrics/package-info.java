/** Metrics that go by what outputs are used for: boxes, similarity, rank. */
@NullMarked
package dev.detent.passes.metrics;

import org.jspecify.annotations.NullMarked;
