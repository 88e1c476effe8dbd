/** What quantized weights do to the mean of a layer's outputs, and the biases that take it out. */
@NullMarked
package dev.detent.support.bias;

import org.jspecify.annotations.NullMarked;
