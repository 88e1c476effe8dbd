package dev.detent.spi.pass;

/** A pass as a plugin contributes it; {@code pass} is stateless and may run many times. */
public record PassDefinition(PassDescriptor descriptor, Pass pass) {}
