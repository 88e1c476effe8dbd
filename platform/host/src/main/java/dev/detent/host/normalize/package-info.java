/**
 * Brings a graph as it was read into the one form that passes and targets know: constants are initializers, BatchNorm
 * is folded, identities are gone.
 */
@NullMarked
package dev.detent.host.normalize;

import org.jspecify.annotations.NullMarked;
