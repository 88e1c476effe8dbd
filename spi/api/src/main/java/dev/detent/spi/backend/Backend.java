package dev.detent.spi.backend;

import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a backend jar: a family of targets. Annotate the implementation with PF4J's {@code @Extension}. */
@ImplementedByPlugins
public interface Backend extends ExtensionPoint {

    List<? extends Target> targets();
}
