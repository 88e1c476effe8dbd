/** Problems a person can act on, with stable ids. */
@NullMarked
package dev.detent.spi.problem;

import org.jspecify.annotations.NullMarked;
