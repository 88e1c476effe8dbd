/** Forward passes over samples without naming the engine that computes them. */
@NullMarked
package dev.detent.spi.run;

import org.jspecify.annotations.NullMarked;
