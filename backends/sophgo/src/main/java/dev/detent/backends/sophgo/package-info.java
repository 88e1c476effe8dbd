/** Sophgo's TPUs: the calibration table that tpu-mlir compiles with. */
@NullMarked
package dev.detent.backends.sophgo;

import org.jspecify.annotations.NullMarked;
