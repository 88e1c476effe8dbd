/** Problems of what plugins are built with. */
@NullMarked
package dev.detent.support.problem;

import org.jspecify.annotations.NullMarked;
