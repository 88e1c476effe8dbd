/** Rockchip's NPUs: their rules and the configuration file their toolkit reads. */
@NullMarked
package dev.detent.backends.rknn;

import org.jspecify.annotations.NullMarked;
