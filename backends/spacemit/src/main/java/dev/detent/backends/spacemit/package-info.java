/** SpacemiT's K1 and K3 through their ONNX Runtime provider. */
@NullMarked
package dev.detent.backends.spacemit;

import org.jspecify.annotations.NullMarked;
