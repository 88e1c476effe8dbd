/** Calibration and evaluation data. */
@NullMarked
package dev.detent.host.data;

import org.jspecify.annotations.NullMarked;
