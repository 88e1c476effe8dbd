/**
 * The ONNX graph as plain data: nodes, values, initializers, in ONNX's own words. Everybody may read it; edits go
 * through {@link dev.detent.spi.graph.GraphEditor}.
 */
@NullMarked
package dev.detent.spi.graph;

import org.jspecify.annotations.NullMarked;
