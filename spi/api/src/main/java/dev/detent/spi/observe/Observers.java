package dev.detent.spi.observe;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.quant.Scheme;

/** The observers of all plugins, by id (case does not matter). */
@Stable(since = "1.0")
@ImplementedByHost
public interface Observers {

    /** A fresh observer; a UserException when the id is unknown or cannot render the scheme. */
    Observer create(String id, Scheme scheme);
}
