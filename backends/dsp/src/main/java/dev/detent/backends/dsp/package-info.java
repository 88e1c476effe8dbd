/** DSPs that read encodings: Qualcomm's SNPE and QNN, and PPL's DSP, with the fixed ranges they assume. */
@NullMarked
package dev.detent.backends.dsp;

import org.jspecify.annotations.NullMarked;
