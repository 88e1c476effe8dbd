package dev.detent.passes.calibration;

import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The passes and observers of this jar. */
@Extension
public final class Calibration implements PassProvider, ObserverProvider {

    /** PPQ's OBSERVER_PERCENTILE. */
    private static final Option<Double> PERCENTILE = Option.number(
                    "percentile", 0.9999, "share of the values kept at each end")
            .atLeast(0.5)
            .atMost(1);

    @Override
    public List<PassDefinition> passes() {
        return List.of(CalibrateWeights.DEFINITION, CalibrateActivations.DEFINITION);
    }

    @Override
    public List<ObserverDefinition> observers() {
        return List.of(
                new ObserverDefinition(
                        "minmax", "smallest and largest value", List.of(), s -> true, (s, o) -> new MinMaxObserver(s)),
                new ObserverDefinition(
                        "percentile",
                        "order statistics of each sample, averaged over samples",
                        List.of(PERCENTILE),
                        s -> !s.isPerChannel(),
                        (s, o) -> new PercentileObserver(o.get(PERCENTILE))),
                new ObserverDefinition(
                        "kl",
                        "threshold with the least Kullback-Leibler divergence",
                        List.of(),
                        s -> !s.isPerChannel(),
                        (s, o) -> new KlObserver()),
                new ObserverDefinition(
                        "mse",
                        "range with the least squared quantization error",
                        List.of(),
                        s -> !s.isPerBlock(),
                        (s, o) -> new MseObserver(s)),
                new ObserverDefinition(
                        "isotone",
                        "scale that keeps the arg-max of most samples",
                        List.of(),
                        s -> !s.isPerChannel(),
                        (s, o) -> new IsotoneObserver()));
    }
}
