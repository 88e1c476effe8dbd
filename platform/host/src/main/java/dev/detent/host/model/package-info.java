/** Model files of every format that Detent reads. */
@NullMarked
package dev.detent.host.model;

import org.jspecify.annotations.NullMarked;
