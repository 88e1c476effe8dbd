/** A chip's rules as a table, and the backend that reads it. */
@NullMarked
package dev.detent.support.target;

import org.jspecify.annotations.NullMarked;
