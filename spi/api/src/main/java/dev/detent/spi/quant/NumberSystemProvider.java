package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/**
 * Entry of a jar that brings number systems of its own; the host finds them again by id when it reads a finished run.
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface NumberSystemProvider extends ExtensionPoint {

    /** The systems, in any order; always the same objects, which stand in the schemes of the plugin's rules. */
    List<NumberSystem> numberSystems();
}
