/** The number systems that need no plugin, and what they do to a whole tensor. */
@NullMarked
package dev.detent.support.number;

import org.jspecify.annotations.NullMarked;
