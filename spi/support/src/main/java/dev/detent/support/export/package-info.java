/** Tables of encodings that most exporters write, and what they read back. */
@NullMarked
package dev.detent.support.export;

import org.jspecify.annotations.NullMarked;
