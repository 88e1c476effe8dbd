package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;

/** One step of the pipeline. Progress, timing, invariants and journal are the host's; a pass only passes. */
@ImplementedByPlugins
@FunctionalInterface
public interface Pass {

    void run(PassContext context);
}
