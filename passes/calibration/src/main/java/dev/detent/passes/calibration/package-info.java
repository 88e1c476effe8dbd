/** Scales from data: passes that calibrate weights and activations, and the observers they do it with. */
@NullMarked
package dev.detent.passes.calibration;

import org.jspecify.annotations.NullMarked;
