/** Observers: bounded, mergeable sketches of a tensor's values that render quantization parameters. */
@NullMarked
package dev.detent.spi.observe;

import org.jspecify.annotations.NullMarked;
