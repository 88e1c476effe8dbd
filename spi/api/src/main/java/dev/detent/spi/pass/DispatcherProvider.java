package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes dispatching strategies. */
@ImplementedByPlugins
public interface DispatcherProvider extends ExtensionPoint {

    List<? extends Dispatcher> dispatchers();
}
