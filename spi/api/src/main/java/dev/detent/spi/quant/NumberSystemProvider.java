package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/**
 * Entry of a jar that brings number systems of its own; the host finds them again by id when it reads a finished run.
 */
@ImplementedByPlugins
public interface NumberSystemProvider extends ExtensionPoint {

    List<NumberSystem> numberSystems();
}
