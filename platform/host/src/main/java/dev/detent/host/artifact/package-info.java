/** The output folder: who holds it, staging, the files of one target, digests, putting results in place. */
@NullMarked
package dev.detent.host.artifact;

import org.jspecify.annotations.NullMarked;
