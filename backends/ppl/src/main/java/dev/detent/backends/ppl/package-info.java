/** OpenPPL on CUDA: its rules and the JSON file it reads. */
@NullMarked
package dev.detent.backends.ppl;

import org.jspecify.annotations.NullMarked;
