package dev.detent.spi.observe;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes observers. */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface ObserverProvider extends ExtensionPoint {

    /** The observers, in any order. Asked once, when the plugins are loaded. */
    List<ObserverDefinition> observers();
}
