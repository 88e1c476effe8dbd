package dev.detent.spi.observe;

import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes observers. */
@ImplementedByPlugins
public interface ObserverProvider extends ExtensionPoint {

    List<ObserverDefinition> observers();
}
