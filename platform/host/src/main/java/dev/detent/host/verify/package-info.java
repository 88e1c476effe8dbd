/** The contracts of the testkit, run on a packaged jar. */
@NullMarked
package dev.detent.host.verify;

import org.jspecify.annotations.NullMarked;
