/** ST's STM32N6 and its Neural-ART NPU. */
@NullMarked
package dev.detent.backends.stm32;

import org.jspecify.annotations.NullMarked;
