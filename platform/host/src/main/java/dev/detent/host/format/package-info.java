/** Load-time formatting: what every later step may rely on. */
@NullMarked
package dev.detent.host.format;

import org.jspecify.annotations.NullMarked;
