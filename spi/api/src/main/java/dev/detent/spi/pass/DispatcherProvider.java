package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes dispatching strategies. */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface DispatcherProvider extends ExtensionPoint {

    /** The strategies, in any order. Asked once, when the plugins are loaded. */
    List<? extends Dispatcher> dispatchers();
}
