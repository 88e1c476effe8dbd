/** Passes that choose the rounding of each weight from data: adaptive rounding and GPTQ. */
@NullMarked
package dev.detent.passes.tuning;

import org.jspecify.annotations.NullMarked;
