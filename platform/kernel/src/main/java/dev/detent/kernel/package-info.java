/** The state machine: transition table, parent links, journal, invariants. Depends on the SPI alone. */
@NullMarked
package dev.detent.kernel;

import org.jspecify.annotations.NullMarked;
