/** Graphs with QuantizeLinear/DequantizeLinear pairs: building them, reading them, exporting them. */
@NullMarked
package dev.detent.support.qdq;

import org.jspecify.annotations.NullMarked;
