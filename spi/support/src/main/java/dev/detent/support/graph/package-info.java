/** Walks over graphs whose cost grows with the graph, however deep or branched it is. */
@NullMarked
package dev.detent.support.graph;

import org.jspecify.annotations.NullMarked;
