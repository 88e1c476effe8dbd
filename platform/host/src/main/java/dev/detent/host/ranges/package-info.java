/** Ranges of activations read from files of former runs and of other tools. */
@NullMarked
package dev.detent.host.ranges;

import org.jspecify.annotations.NullMarked;
