/** Tengine: its rules and the scale file it reads. */
@NullMarked
package dev.detent.backends.tengine;

import org.jspecify.annotations.NullMarked;
