/** FPGA accelerators that scale by shifts: power-of-two scales and a table of shifts. */
@NullMarked
package dev.detent.backends.fpga;

import org.jspecify.annotations.NullMarked;
