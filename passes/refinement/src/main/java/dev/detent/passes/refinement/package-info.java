/** Passes that put the graph and its configs in order: folding, fusion, alignment of operands. */
@NullMarked
package dev.detent.passes.refinement;

import org.jspecify.annotations.NullMarked;
