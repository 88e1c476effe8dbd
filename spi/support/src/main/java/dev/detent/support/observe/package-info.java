/** Base classes for observers. */
@NullMarked
package dev.detent.support.observe;

import org.jspecify.annotations.NullMarked;
