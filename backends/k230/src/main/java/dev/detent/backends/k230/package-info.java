/** Kendryte's K230 through nncase. */
@NullMarked
package dev.detent.backends.k230;

import org.jspecify.annotations.NullMarked;
