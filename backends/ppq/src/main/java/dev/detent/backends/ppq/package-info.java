/** PPQ's platforms with their own quirks, so that its states can be compared with ours, value by value. */
@NullMarked
package dev.detent.backends.ppq;

import org.jspecify.annotations.NullMarked;
