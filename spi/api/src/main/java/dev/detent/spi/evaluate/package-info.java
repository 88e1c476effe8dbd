/** How good outputs are: metrics for {@code detent evaluate} and {@code detent tune}. */
@NullMarked
package dev.detent.spi.evaluate;

import org.jspecify.annotations.NullMarked;
