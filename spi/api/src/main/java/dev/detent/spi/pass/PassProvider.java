package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes passes. */
@ImplementedByPlugins
public interface PassProvider extends ExtensionPoint {

    List<PassDefinition> passes();
}
