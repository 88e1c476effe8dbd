/** The problem catalogues of the host and the list of all of the platform's. */
@NullMarked
package dev.detent.host.problem;

import org.jspecify.annotations.NullMarked;
