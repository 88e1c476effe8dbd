/** Processes of our own beside this one. */
@NullMarked
package dev.detent.host.process;

import org.jspecify.annotations.NullMarked;
