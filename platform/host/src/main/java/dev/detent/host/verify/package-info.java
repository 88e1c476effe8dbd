/** Reads what a run wrote back and compares it with what the run decided. */
@NullMarked
package dev.detent.host.verify;

import org.jspecify.annotations.NullMarked;
