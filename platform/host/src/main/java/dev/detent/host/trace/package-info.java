/** Traces in the schema of the parity corpus. */
@NullMarked
package dev.detent.host.trace;

import org.jspecify.annotations.NullMarked;
