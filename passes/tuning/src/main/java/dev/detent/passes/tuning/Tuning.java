package dev.detent.passes.tuning;

import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The passes and observers of this jar. */
@Extension
public final class Tuning implements PassProvider, ObserverProvider {

    @Override
    public List<PassDefinition> passes() {
        return List.of(
                ActivationRanges.DEFINITION,
                AdaptiveRounding.DEFINITION,
                LearnedThresholds.DEFINITION,
                LearnedStepSizes.DEFINITION,
                BlockRounding.ADAROUND,
                BlockRounding.RECONSTRUCTION,
                BlockBias.DEFINITION);
    }

    @Override
    public List<ObserverDefinition> observers() {
        return FittedGroups.DEFINITIONS;
    }
}
