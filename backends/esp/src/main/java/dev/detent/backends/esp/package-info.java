/** Espressif's ESP32 chips through ESP-DL: power-of-two scales. */
@NullMarked
package dev.detent.backends.esp;

import org.jspecify.annotations.NullMarked;
