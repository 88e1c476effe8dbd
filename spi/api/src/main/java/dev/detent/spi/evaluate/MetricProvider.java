package dev.detent.spi.evaluate;

import dev.detent.spi.Experimental;
import dev.detent.spi.ImplementedByPlugins;
import java.util.List;
import org.pf4j.ExtensionPoint;

/** Entry of a jar that contributes metrics. */
@Experimental(since = "1.0")
@ImplementedByPlugins
public interface MetricProvider extends ExtensionPoint {

    /** The metrics, in any order. Asked once, when the plugins are loaded. */
    List<? extends Metric> metrics();
}
