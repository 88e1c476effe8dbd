package dev.detent.spi.backend;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a backend jar: a family of targets. Annotate the implementation with PF4J's {@code @Extension}. */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface Backend extends ExtensionPoint {

    /** The targets, in any order. Asked once, when the plugins are loaded; must not touch files or the network. */
    List<? extends Target> targets();
}
