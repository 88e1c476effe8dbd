/** Runs the steps of a plan: the contexts passes see, the observations they asked for, the invariants after each. */
@NullMarked
package dev.detent.host.pipeline;

import org.jspecify.annotations.NullMarked;
