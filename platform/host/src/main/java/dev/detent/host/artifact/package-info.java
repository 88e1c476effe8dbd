/**
 * The output folder: staging, the files of one target, reading an artifact back and comparing it with the run that
 * wrote it.
 */
@NullMarked
package dev.detent.host.artifact;

import org.jspecify.annotations.NullMarked;
