/**
 * Passes that move scale or error between layers before anything is rounded: equalization, smoothing, bias correction.
 */
@NullMarked
package dev.detent.passes.equalization;

import org.jspecify.annotations.NullMarked;
