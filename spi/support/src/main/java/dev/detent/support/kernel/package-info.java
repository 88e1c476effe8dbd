/** Which operators a runtime computes in integers, and what follows from it for a graph. */
@NullMarked
package dev.detent.support.kernel;

import org.jspecify.annotations.NullMarked;
