/** Alibaba's MNN: its rules and the compression file its converter reads. */
@NullMarked
package dev.detent.backends.mnn;

import org.jspecify.annotations.NullMarked;
