package dev.detent.spi.pass;

import dev.detent.spi.Stable;

/** A pass as a plugin contributes it; {@code pass} is stateless and may run many times. */
@Stable(since = "1.0")
public record PassDefinition(PassDescriptor descriptor, Pass pass) {}
