/** Passes that finish what calibration began: bias scales, overflow bounds, weights written in their codes. */
@NullMarked
package dev.detent.passes.parameters;

import org.jspecify.annotations.NullMarked;
