/** Weights and activations in eight-bit floating point, for chips that compute in it. */
@NullMarked
package dev.detent.backends.float8;

import org.jspecify.annotations.NullMarked;
