/** Options that passes, observers, formats and targets declare and a person sets. */
@NullMarked
package dev.detent.spi.option;

import org.jspecify.annotations.NullMarked;
