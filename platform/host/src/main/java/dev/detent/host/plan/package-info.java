/** Which passes run, in which order, and why. */
@NullMarked
package dev.detent.host.plan;

import org.jspecify.annotations.NullMarked;
