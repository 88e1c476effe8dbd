/** NXP's chips: power-of-two scales in an ONNX file of their converter's form. */
@NullMarked
package dev.detent.backends.nxp;

import org.jspecify.annotations.NullMarked;
