/** Which nodes are quantized: dispatchers that tell values from shapes and search for the best split. */
@NullMarked
package dev.detent.passes.dispatching;

import org.jspecify.annotations.NullMarked;
