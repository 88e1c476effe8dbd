/** How far a quantized model is from its float model: scores, layer errors, fingerprints, speed. */
@NullMarked
package dev.detent.host.evaluate;

import org.jspecify.annotations.NullMarked;
