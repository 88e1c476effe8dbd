/** Quantization configs: the twelve states, schemes, parameters, and the verbs that move a config. */
@NullMarked
package dev.detent.spi.quant;

import org.jspecify.annotations.NullMarked;
