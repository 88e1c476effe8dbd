package dev.detent.spi.pass;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes passes. */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface PassProvider extends ExtensionPoint {

    /** The passes, in any order. Asked once, when the plugins are loaded. */
    List<PassDefinition> passes();
}
