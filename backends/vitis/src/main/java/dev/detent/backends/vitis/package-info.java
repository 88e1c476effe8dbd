/** AMD Vitis AI: power-of-two scales within the shifts that a DPU can make. */
@NullMarked
package dev.detent.backends.vitis;

import org.jspecify.annotations.NullMarked;
