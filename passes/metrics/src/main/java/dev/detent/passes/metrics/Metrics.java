package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.MetricProvider;
import java.util.List;
import org.pf4j.Extension;

/** The metrics of this jar. */
@Extension
public final class Metrics implements MetricProvider {

    @Override
    public List<Metric> metrics() {
        return List.of(new BoxF1(), new BoxPrecision(), new Cosine(), new RankCorrelation());
    }
}
